package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;

/// `Y += X W^T` for float rows X `[rows, inputs]` and a weight W `[outputs, inputs]` of bytes or bfloat16
/// bits.
///
/// The weight is widened a block of outputs at a time into scratch memory that the product then finds in a
/// cache, so a wide copy of the whole weight never exists.
public final class NarrowProduct {
    /// Floats of a wide block that one thread makes and uses alone.
    private static final int SMALL_BLOCK = 1 << 14;
    /// Outputs of a block whose product is itself run in parallel.
    private static final int OUTPUTS = 512;
    /// Floats that one task widens.
    private static final int TASK = 1 << 16;

    /// Widens `count` weights from weight `from` on to `wide[at …]`.
    @FunctionalInterface
    private interface Widening {
        void run(int from, int count, float[] wide, int at);
    }

    private NarrowProduct() {}

    /// The weight is `w[wo …]`, bytes.
    public static void addBytes(
            int rows, int outputs, int inputs, float[] x, int xo, byte[] w, int wo, float[] y, int yo) {
        add(rows, outputs, inputs, x, xo, (from, n, wide, at) -> NarrowDot.widen(w, wo + from, wide, at, n), y, yo);
    }

    /// The weight is `w[wo …]`, bits of bfloat16.
    public static void addHalves(
            int rows, int outputs, int inputs, float[] x, int xo, short[] w, int wo, float[] y, int yo) {
        add(rows, outputs, inputs, x, xo, (from, n, wide, at) -> NarrowDot.widen(w, wo + from, wide, at, n), y, yo);
    }

    private static void add(int rows, int outputs, int inputs, float[] x, int xo, Widening weight, float[] y, int yo) {
        if (rows <= FewRows.LIMIT) {
            Parallel.forRange(outputs, Math.max(2, SMALL_BLOCK / Math.max(1, inputs)), (from, to) -> {
                float[] wide = Scratch.floats(Scratch.WIDE, (to - from) * inputs);
                weight.run(from * inputs, (to - from) * inputs, wide, 0);
                Gemm.accumulate(rows, to - from, inputs, x, xo, inputs, 1, wide, 0, 1, inputs, y, yo + from, outputs);
            });
            return;
        }
        for (int o = 0; o < outputs; o += OUTPUTS) {
            int first = o * inputs;
            int n = Math.min(OUTPUTS, outputs - o);
            float[] wide = Scratch.floats(Scratch.WIDE, n * inputs);
            Parallel.forRange(n * inputs, TASK, (from, to) -> weight.run(first + from, to - from, wide, from));
            Gemm.accumulate(rows, n, inputs, x, xo, inputs, 1, wide, 0, 1, inputs, y, yo + o, outputs);
        }
    }
}
