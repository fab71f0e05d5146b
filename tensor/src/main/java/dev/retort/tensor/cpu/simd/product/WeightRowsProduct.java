package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import java.util.Arrays;

/// Some rows of A times a large B whose columns are contiguous, as in a linear layer on 10 to 128 inputs:
/// `C = F + A B`, F the row `start` for every row of C.
///
/// Computed as `C' = B' A'`, so that B, which no cache holds, is read where it lies and in its own order while
/// multiply-adds go on; packing it would take as long as they do.
///
/// ```
///   A' packed once [k][rows of A]  x  columns of B, broadcast  ->  strip of C' in scratch memory, transposed to C
/// ```
///
/// The sums are those of [PackedProduct].
record WeightRowsProduct(
        int m,
        int n,
        int k,
        float[] a,
        int ao,
        int ars,
        int acs,
        float[] b,
        int bo,
        int bcs,
        float[] start,
        int startOff,
        float[] c,
        int co,
        int ldc) {
    /// Columns of C that are transposed at a time: whole tiles of [WideKernel], and whole squares.
    private static final int STRIP = 48;
    /// Rows of A below which dot products ([FewRows]) are as fast.
    private static final int FEWEST_ROWS = 10;
    /// Rows of A up to which reading B in place gains more than tiles lose that read it so.
    private static final int MOST_ROWS = Lanes.LENGTH == 16 ? 128 : 32;
    /// Floats of A that stay in half of a second-level cache of 2 MB.
    private static final int PACKED = 1 << 18;
    /// Columns and depth below which B is in a cache anyway.
    private static final int FEWEST_COLUMNS = 256;

    private static final int FEWEST_STEPS = 256;

    /// Whether this is the fastest way for columns of B that are contiguous.
    static boolean covers(int m, int n, int k) {
        return Lanes.LENGTH >= 8
                && m >= FEWEST_ROWS
                && m <= MOST_ROWS
                && n >= FEWEST_COLUMNS
                && k >= FEWEST_STEPS
                && RowPanels.floats(m, k) <= PACKED;
    }

    void run() {
        float[] panels = Scratch.lines(Scratch.GEMM_B, RowPanels.floats(m, k));
        RowPanels.pack(m, k, a, ao, acs, ars, panels, Scratch.LINE);
        int strips = (n + STRIP - 1) / STRIP;
        Parallel.forRange(strips, 1, (from, to) -> {
            float[] strip = Scratch.floats(Scratch.GEMM_C, STRIP * RowPanels.WIDTH);
            for (int t = from; t < to; t++) {
                columns(t * STRIP, Math.min(STRIP, n - t * STRIP), panels, strip);
            }
        });
    }

    /// `columns` columns of C from j on, panel by panel of rows.
    private void columns(int j, int columns, float[] panels, float[] strip) {
        int width;
        for (int i = 0; i < m; i += width) {
            width = RowPanels.width(m - i);
            int rows = Math.min(width, m - i);
            for (int x = 0; x < columns; x++) {
                float first = start == GemmKernel.ZEROS ? 0f : start[startOff + j + x];
                Arrays.fill(strip, x * width, (x + 1) * width, first);
            }
            int panel = Scratch.LINE + i * k;
            RowPanels.add(columns, rows, k, b, bo + j * bcs, bcs, panels, panel, strip, 0, width, strip, 0, width);
            BlockTranspose.run(columns, rows, strip, 0, width, c, co + i * ldc + j, ldc);
        }
    }
}
