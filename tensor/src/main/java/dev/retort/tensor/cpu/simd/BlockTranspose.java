package dev.retort.tensor.cpu.simd;

/// Transposes blocks of floats: squares by [SquareTranspose] where there is one, what is left four rows at a time.
public final class BlockTranspose {
    private static final int SQUARE = SquareTranspose.SIZE;

    private BlockTranspose() {}

    /// `dst[d + j * dStep + i] = src[s + i * sStep + j]` for i < rows, j < columns.
    public static void run(int rows, int columns, float[] src, int s, int sStep, float[] dst, int d, int dStep) {
        boolean squares = SquareTranspose.suits(sStep);
        int wholeRows = squares ? rows / SQUARE * SQUARE : 0;
        int wholeColumns = squares ? columns / SQUARE * SQUARE : 0;
        if (wholeRows > 0 && wholeColumns > 0) {
            float[] t = SquareTranspose.scratch();
            for (int i = 0; i < wholeRows; i += SQUARE) {
                for (int j = 0; j < wholeColumns; j += SQUARE) {
                    SquareTranspose.run(src, s + i * sStep + j, sStep, dst, d + j * dStep + i, dStep, t);
                }
            }
            int left = columns - wholeColumns;
            scalar(wholeRows, left, src, s + wholeColumns, sStep, dst, d + wholeColumns * dStep, dStep);
            scalar(rows - wholeRows, columns, src, s + wholeRows * sStep, sStep, dst, d + wholeRows, dStep);
            return;
        }
        scalar(rows, columns, src, s, sStep, dst, d, dStep);
    }

    private static void scalar(int rows, int columns, float[] src, int s, int sStep, float[] dst, int d, int dStep) {
        int i = 0;
        for (; i <= rows - 4; i += 4) {
            four(columns, src, s + i * sStep, sStep, dst, d + i, dStep);
        }
        for (; i < rows; i++) {
            int from = s + i * sStep;
            for (int j = 0; j < columns; j++) {
                dst[d + i + j * dStep] = src[from + j];
            }
        }
    }

    private static void four(int columns, float[] src, int s0, int sStep, float[] dst, int d, int dStep) {
        int s1 = s0 + sStep;
        int s2 = s1 + sStep;
        int s3 = s2 + sStep;
        for (int j = 0; j < columns; j++) {
            int t = d + j * dStep;
            dst[t] = src[s0 + j];
            dst[t + 1] = src[s1 + j];
            dst[t + 2] = src[s2 + j];
            dst[t + 3] = src[s3 + j];
        }
    }
}
