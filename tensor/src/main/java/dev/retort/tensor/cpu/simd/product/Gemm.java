package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Matrix products in float32: `C = A B (+ bias)` or `C += A B`, for any row and column strides of A and
/// B.
///
/// Blocked as by Goto and van de Geijn (2008): [TallProduct] on 512-bit vectors, [FencedProduct] on shorter ones of
/// x86; elsewhere, and for few columns, [InPlaceProduct] where rows of A are contiguous ([SmallProduct] if there is
/// little to do), else [PackedProduct]. A large B with contiguous columns meets some rows of A in [WeightRowsProduct].
/// Every element of C is one chain of fused multiply-adds in ascending order of the summed index, started from the bias
/// (or from C), so its bits depend neither on the blocking, nor on the number of threads, nor on the vector width.
/// Products of one row ([Gemv]) or few rows ([FewRows]) with contiguous columns are the exception: they sum in lanes.
public final class Gemm {
    /// Length from which dot products fill their vectors well enough.
    private static final int MIN_DOT = 4 * Lanes.LENGTH;
    /// Below this many multiply-adds one thread is faster than two.
    static final long SERIAL_WORK = 1L << 19;

    private Gemm() {}

    /// `C[m x n] = A[m x k] B[k x n]`, plus the bias if there is one.
    ///
    /// Element (i, p) of A is `a[ao + i * ars + p * acs]`, element (p, j) of B is
    /// `b[bo + p * brs + j * bcs]`, element (i, j) of C is `c[co + i * ldc + j]`. The bias starts at
    /// `bias[biasOff]` and has one value for each row of C if `biasPerRow`, else one for each column.
    public static void multiply(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float[] c,
            int co,
            int ldc,
            float @Nullable [] bias,
            int biasOff,
            boolean biasPerRow) {
        if (m <= 0 || n <= 0) {
            return;
        }
        if (k > 0 && m > 1 && n > 1 && !biasPerRow && (weightRows(m, n, k, brs) || !fewRows(m, k, acs, brs))) {
            float[] start = bias == null ? GemmKernel.ZEROS : bias;
            add(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, start, bias == null ? 0 : biasOff, c, co, ldc);
            return;
        }
        initialise(m, n, c, co, ldc, bias, biasOff, biasPerRow);
        accumulate(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, c, co, ldc);
    }

    /// `C += A B`; on an array of zeros the product itself.
    public static void accumulate(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float[] c,
            int co,
            int ldc) {
        if (m <= 0 || n <= 0 || k <= 0) {
            return;
        }
        if (m == 1) {
            Gemv.addVectorMatrix(n, k, a, ao, acs, b, bo, brs, bcs, c, co, 1);
        } else if (n == 1) {
            Gemv.addVectorMatrix(m, k, b, bo, brs, a, ao, acs, ars, c, co, ldc);
        } else if (fewRows(m, k, acs, brs)) {
            FewRows.add(m, n, k, a, ao, ars, b, bo, bcs, c, co, ldc);
        } else {
            add(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, null, 0, c, co, ldc);
        }
    }

    /// C starts from the row `start`, or from itself if that is null.
    private static void add(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float @Nullable [] start,
            int startOff,
            float[] c,
            int co,
            int ldc) {
        if (start != null && weightRows(m, n, k, brs)) {
            new WeightRowsProduct(m, n, k, a, ao, ars, acs, b, bo, bcs, start, startOff, c, co, ldc).run();
        } else if (FencedProduct.covers(m, n, k)) {
            new FencedProduct(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, start, startOff, c, co, ldc).run();
        } else if (acs == 1 && SmallProduct.covers(m, n, k)) {
            SmallProduct.add(m, n, k, a, ao, ars, b, bo, brs, bcs, start, startOff, c, co, ldc);
        } else if (TallProduct.covers(m, n, k, acs)) {
            new TallProduct(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, start, startOff, c, co, ldc).run();
        } else if (acs == 1) {
            new InPlaceProduct(m, n, k, a, ao, ars, b, bo, brs, bcs, start, startOff, c, co, ldc).run();
        } else {
            new PackedProduct(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, start, startOff, c, co, ldc).run();
        }
    }

    /// Size of equal blocks no larger than `limit`: 300 becomes 150 + 150, not 256 + 44.
    public static int evenBlock(int size, int limit) {
        int blocks = (size + limit - 1) / limit;
        return (size + blocks - 1) / blocks;
    }

    private static boolean weightRows(int m, int n, int k, int brs) {
        return brs == 1 && WeightRowsProduct.covers(m, n, k);
    }

    private static boolean fewRows(int m, int k, int acs, int brs) {
        return m <= FewRows.LIMIT && acs == 1 && brs == 1 && k >= MIN_DOT;
    }

    /// `C = A B` without bias.
    public static void multiply(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int brs,
            int bcs,
            float[] c,
            int co,
            int ldc) {
        multiply(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, c, co, ldc, null, 0, false);
    }

    /// One product per batch entry: entry `i` reads A at `aOffs[i]` and B at `bOffs[i]` (offsets
    /// may repeat) and writes C at `co + i * cStride`.
    public static void multiplyBatch(
            int m,
            int n,
            int k,
            float[] a,
            int[] aOffs,
            int ars,
            int acs,
            float[] b,
            int[] bOffs,
            int brs,
            int bcs,
            float[] c,
            int co,
            int cStride,
            int ldc) {
        int batch = aOffs.length;
        long work = (long) m * n * k;
        if (batch < 2 || work > 64L * SERIAL_WORK) {
            for (int i = 0; i < batch; i++) {
                multiply(m, n, k, a, aOffs[i], ars, acs, b, bOffs[i], brs, bcs, c, co + i * cStride, ldc);
            }
            return;
        }
        int grain = (int) Math.max(1, Math.min(batch, SERIAL_WORK / Math.max(1, work)));
        Parallel.forRange(batch, grain, (from, to) -> {
            for (int i = from; i < to; i++) {
                multiply(m, n, k, a, aOffs[i], ars, acs, b, bOffs[i], brs, bcs, c, co + i * cStride, ldc);
            }
        });
    }

    private static void initialise(
            int m, int n, float[] c, int co, int ldc, float @Nullable [] bias, int biasOff, boolean biasPerRow) {
        for (int i = 0; i < m; i++) {
            int row = co + i * ldc;
            if (bias == null) {
                Arrays.fill(c, row, row + n, 0f);
            } else if (biasPerRow) {
                Arrays.fill(c, row, row + n, bias[biasOff + i]);
            } else {
                System.arraycopy(bias, biasOff, c, row, n);
            }
        }
    }
}
