package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;
import org.jspecify.annotations.Nullable;

/// Small products: a panel of B is packed just before it is used and stays in the first-level cache. The sums are
/// those of [PackedProduct].
final class SmallProduct {
    /// Multiply-adds up to which a product is small: 128 x 128 x 128.
    private static final long LARGEST = 1L << 21;
    /// Rows up to which a B that is one panel is read as it lies: more of them pay for panels on cache lines.
    private static final int FEW_ROWS = 64;

    private SmallProduct() {}

    static boolean covers(int m, int n, int k) {
        return (long) m * n * k <= LARGEST && n <= GemmKernel.ZEROS.length;
    }

    /// C starts from the row `start`, or from itself if that is null.
    static void add(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float @Nullable [] start,
            int startOff,
            float[] c,
            int co,
            int ldc) {
        float[] f = start == null ? c : start;
        int fo = start == null ? co : startOff;
        int ldf = start == null ? ldc : 0;
        if (m <= FEW_ROWS && bcs == 1 && brs == n && n == RowPanels.width(n)) {
            RowPanels.add(m, n, k, a, ao, ars, b, bo, f, fo, ldf, c, co, ldc);
        } else if ((long) m * n * k < Gemm.SERIAL_WORK) {
            columns(0, n, m, k, a, ao, ars, b, bo, brs, bcs, f, fo, ldf, c, co, ldc);
        } else {
            Parallel.forRange(
                    n,
                    RowPanels.WIDTH,
                    (from, to) -> columns(from, to, m, k, a, ao, ars, b, bo, brs, bcs, f, fo, ldf, c, co, ldc));
        }
    }

    private static void columns(
            int from,
            int to,
            int m,
            int k,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        int kc = Gemm.evenBlock(k, RowPanels.DEPTH);
        float[] panel = Scratch.lines(Scratch.GEMM_B, kc * RowPanels.WIDTH);
        int width;
        for (int j = from; j < to; j += width) {
            width = RowPanels.width(to - j);
            int columns = Math.min(width, to - j);
            for (int q = 0; q < k; q += kc) {
                int depth = Math.min(kc, k - q);
                RowPanels.pack(columns, depth, b, bo + q * brs + j * bcs, brs, bcs, panel, Scratch.LINE);
                if (q == 0) {
                    RowPanels.add(m, columns, depth, a, ao, ars, panel, Scratch.LINE, f, fo + j, ldf, c, co + j, ldc);
                } else {
                    RowPanels.add(
                            m, columns, depth, a, ao + q, ars, panel, Scratch.LINE, c, co + j, ldc, c, co + j, ldc);
                }
            }
        }
    }
}
