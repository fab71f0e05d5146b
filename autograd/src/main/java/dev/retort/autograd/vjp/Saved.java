package dev.retort.autograd.vjp;

/// Which inputs and outputs of an op its gradient reads; nothing else is kept alive until backward.
///
/// @param inputs  bit i: input i; all bits: all inputs
/// @param outputs bit j: output j; all bits: all outputs
public record Saved(long inputs, long outputs) {
    /// Nothing: linear ops need shapes only.
    public static final Saved NOTHING = new Saved(0, 0);

    /// All inputs and outputs.
    public static final Saved EVERYTHING = new Saved(-1, -1);

    /// All inputs.
    public static final Saved ALL_INPUTS = new Saved(-1, 0);

    /// The inputs with these numbers (below 64).
    public static Saved inputs(int... numbers) {
        return new Saved(bits(numbers), 0);
    }

    /// The outputs with these numbers (below 64).
    public static Saved outputs(int... numbers) {
        return new Saved(0, bits(numbers));
    }

    /// What this or `other` names.
    public Saved and(Saved other) {
        return new Saved(inputs | other.inputs, outputs | other.outputs);
    }

    /// Whether input `i` is kept.
    public boolean keepsInput(int i) {
        return keeps(inputs, i);
    }

    /// Whether output `j` is kept.
    public boolean keepsOutput(int j) {
        return keeps(outputs, j);
    }

    private static boolean keeps(long set, int i) {
        return set == -1 || (i < Long.SIZE && (set >>> i & 1) != 0);
    }

    private static long bits(int... numbers) {
        long bits = 0;
        for (int n : numbers) {
            bits |= 1L << n;
        }
        return bits;
    }
}
