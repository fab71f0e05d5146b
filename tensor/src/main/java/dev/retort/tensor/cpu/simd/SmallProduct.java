package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import org.jspecify.annotations.Nullable;

/// Small products, for which packing would be a large part of the work: rows of A are read in place, and for few of
/// them so are contiguous rows of B. The sums are those of [PackedProduct].
final class SmallProduct {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int L = Lanes.LENGTH;
    /// Multiply-adds up to which a product is small: 128 x 128 x 128.
    private static final long LARGEST = 1L << 21;
    /// Depth up to which a panel of B stays in the first-level cache.
    private static final int DEEPEST = 256;
    /// Rows up to which copying a panel of B onto cache lines does not pay.
    private static final int FEW = 32;

    private SmallProduct() {}

    static boolean covers(int m, int n, int k) {
        return k <= DEEPEST && n <= GemmKernel.ZEROS.length && (long) m * n * k <= LARGEST;
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
        boolean inPlace = bcs == 1 && m <= FEW;
        float[] f = start == null ? c : start;
        int fo = start == null ? co : startOff;
        int ldf = start == null ? ldc : 0;
        if ((long) m * n * k < Gemm.SERIAL_WORK) {
            columns(0, n, inPlace, m, k, a, ao, ars, b, bo, brs, bcs, f, fo, ldf, c, co, ldc);
        } else {
            Parallel.forRange(
                    n,
                    2 * NR,
                    (from, to) ->
                            columns(from, to, inPlace, m, k, a, ao, ars, b, bo, brs, bcs, f, fo, ldf, c, co, ldc));
        }
    }

    private static void columns(
            int from,
            int to,
            boolean inPlace,
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
        int vectors;
        for (int j = from; j < to; j += vectors * L) {
            vectors = to - j >= NR ? 2 : 1;
            int width = Math.min(to - j, vectors * L);
            float[] panel = b;
            int po = bo + j;
            int step = brs;
            if (!inPlace || width < L) {
                panel = Scratch.lines(Scratch.GEMM_B, k * NR);
                po = Scratch.LINE;
                step = vectors * L;
                Panels.pack(b, bo + j * bcs, bcs, brs, width, step, k, panel, po);
            }
            if (width < L) {
                narrow(m, width, k, a, ao, ars, panel, f, fo + j, ldf, c, co + j, ldc);
                return;
            }
            for (int i = 0; i < m; i += MR) {
                int rows = Math.min(MR, m - i);
                int row = fo + i * ldf + j;
                InPlaceKernel.tile(
                        rows, vectors, k, a, ao + i * ars, ars, panel, po, step, f, row, ldf, c, co + i * ldc + j, ldc);
            }
        }
    }

    /// Columns that do not fill a vector: computed in a scratch tile, so that the chain stays the same.
    private static void narrow(
            int m,
            int width,
            int k,
            float[] a,
            int ao,
            int ars,
            float[] panel,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, MR * L);
        for (int i = 0; i < m; i += MR) {
            int rows = Math.min(MR, m - i);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(f, fo + (i + r) * ldf, t, r * L, width);
            }
            InPlaceKernel.tile(rows, 1, k, a, ao + i * ars, ars, panel, Scratch.LINE, L, t, 0, L, t, 0, L);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(t, r * L, c, co + (i + r) * ldc, width);
            }
        }
    }
}
