package dev.retort.tensor.cpu.simd.planes;

/// The kernel positions that take part in one sweep over a plane: grid point (y, x) reads source element
/// `(y * stepH + rows[t], x * stepW + columns[t])` for tap t, which is element `index[t]` of the kernel.
public final class ConvTaps {
    public final int[] index;
    public final int[] rows;
    public final int[] columns;

    private ConvTaps(int count) {
        index = new int[count];
        rows = new int[count];
        columns = new int[count];
    }

    /// All taps of a forward convolution: source is the input, grid the output, step the stride.
    public static ConvTaps forward(ConvShape s) {
        ConvTaps taps = new ConvTaps(s.taps());
        for (int i = 0, t = 0; i < s.kernelH(); i++) {
            for (int j = 0; j < s.kernelW(); j++, t++) {
                taps.index[t] = t;
                taps.rows[t] = i * s.dilationH() - s.padH();
                taps.columns[t] = j * s.dilationW() - s.padW();
            }
        }
        return taps;
    }

    /// The taps that reach input pixels `(y * strideH + phaseH, x * strideW + phaseW)`: source is
    /// the output's gradient, grid the pixels of that phase, step 1.
    public static ConvTaps inputGradient(ConvShape s, int phaseH, int phaseW) {
        int count = 0;
        for (int pass = 0; pass < 2; pass++) {
            ConvTaps taps = new ConvTaps(count);
            count = 0;
            for (int i = 0; i < s.kernelH(); i++) {
                for (int j = 0; j < s.kernelW(); j++) {
                    int row = phaseH + s.padH() - i * s.dilationH();
                    int column = phaseW + s.padW() - j * s.dilationW();
                    if (row % s.strideH() != 0 || column % s.strideW() != 0) {
                        continue;
                    }
                    if (pass == 1) {
                        taps.index[count] = i * s.kernelW() + j;
                        taps.rows[count] = row / s.strideH();
                        taps.columns[count] = column / s.strideW();
                    }
                    count++;
                }
            }
            if (pass == 1) {
                return taps;
            }
        }
        throw new AssertionError();
    }

    /// Number of taps.
    public int count() {
        return index.length;
    }

    /// Whether these are all taps of the kernel, in its order.
    boolean inOrder() {
        for (int t = 0; t < index.length; t++) {
            if (index[t] != t) {
                return false;
            }
        }
        return true;
    }
}
