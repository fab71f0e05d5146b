package dev.retort.tensor.cpu.simd;

/// Transposes squares of floats in registers: 16 x 16 where vectors have 16 lanes, 8 x 8 where they have 8.
public final class SquareTranspose {
    /// Whether this process has such vectors.
    public static final boolean AVAILABLE = Lanes.LENGTH >= 8;
    /// Rows and columns of a square.
    public static final int SIZE = Lanes.LENGTH >= 16 ? 16 : 8;

    private static final float[] NONE = {};

    private SquareTranspose() {}

    /// Memory for [#run], fetched once for many squares: finding a thread's own takes as long as a small square.
    public static float[] scratch() {
        return SIZE == 16 ? Scratch.floats(Scratch.SQUARE, SIZE * SIZE) : NONE;
    }

    /// Whether rows `sStep` floats apart can be read so: they do not overlap.
    public static boolean suits(int sStep) {
        return AVAILABLE && sStep >= SIZE;
    }

    /// `dst[d + j * dStep + i] = src[s + i * sStep + j]` for i, j < [#SIZE], where `sStep` [#suits]; `t` is
    /// [#scratch].
    public static void run(float[] src, int s, int sStep, float[] dst, int d, int dStep, float[] t) {
        if (SIZE == 16) {
            SquareOf16.run(src, s, sStep, dst, d, dStep, t);
        } else {
            SquareOf8.run(src, s, sStep, dst, d, dStep);
        }
    }
}
