package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Matrix products in float32: `C = A B (+ bias)` or `C += A B`, for any row and column strides of A and
/// B.
///
/// Blocked as by Goto and van de Geijn (2008): panels of B and A are packed once per depth block and
/// multiplied by
/// [GemmKernel]. Every element of C is one chain of fused multiply-adds in ascending order of the summed
/// index, started
/// from the bias (or from C), so its bits depend neither on the blocking, nor on the number of threads,
/// nor on the
/// vector width. Products of one row ([Gemv]) or few rows ([FewRows]) with contiguous columns are the exception: they
/// sum in lanes.
public final class Gemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Depth of a block: one B panel (KC x NR) stays in the first-level cache, or nearly so at 512 bits (48 KB), where
    /// fewer passes over C are worth more.
    private static final int KC = 384;
    /// Rows and columns of C that share one pair of packing phases.
    private static final int M_PHASE = 2048;

    private static final int N_PHASE = 2048;
    /// Rows of C in one parallel task, a multiple of every MR; columns are chosen for about TASK_WORK
    /// multiply-adds.
    private static final int TASK_ROWS = 96;

    private static final int TASK_COLUMNS = 512;
    private static final int TASK_WORK = 1 << 21;
    /// Length from which dot products fill their vectors well enough.
    private static final int MIN_DOT = 4 * Lanes.LENGTH;
    /// Below this many multiply-adds one thread is faster than two.
    private static final long SERIAL_WORK = 1L << 19;

    /// A row of zeros for a phase to start from.
    private static final float[] ZEROS = new float[N_PHASE];

    private Gemm() {}

    /// `C[m x n] = A[m x k] B[k x n]`, plus the bias if there is one.
    ///
    /// Element (i, p) of A is `a[ao + i * ars + p * acs]`, element (p, j) of B is `b[bo + p * brs + j *
    /// bcs]`, element
    /// (i, j) of C is `c[co + i * ldc + j]`. The bias starts at `bias[biasOff]` and has one value for
    /// each row of C if
    /// `biasPerRow`, else one for each column.
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
        if (k > 0 && m > 1 && n > 1 && !biasPerRow && !fewRows(m, k, acs, brs)) {
            add(m, n, k, a, ao, ars, acs, b, bo, brs, bcs, bias == null ? ZEROS : bias, biasOff, c, co, ldc);
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

    /// One product per batch entry: entry `i` reads A at `aOffs[i]` and B at `bOffs[i]` (offsets may
    /// repeat) and
    /// writes C at `co + i * cStride`.
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

    /// C starts from the row `start` (all of C for [#ZEROS]), or from itself if that is null.
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
        int depth = evenBlock(k, KC);
        for (int jc = 0; jc < n; jc += N_PHASE) {
            int nc = Math.min(N_PHASE, n - jc);
            for (int ic = 0; ic < m; ic += M_PHASE) {
                int mc = Math.min(M_PHASE, m - ic);
                for (int pc = 0; pc < k; pc += depth) {
                    int kc = Math.min(depth, k - pc);
                    int aBlock = ao + ic * ars + pc * acs;
                    int bBlock = bo + pc * brs + jc * bcs;
                    int cBlock = co + ic * ldc + jc;
                    boolean first = start != null && pc == 0;
                    float[] f = start != null && first ? start : c;
                    int fBlock = !first ? cBlock : start == ZEROS ? 0 : startOff + jc;
                    int ldf = first ? 0 : ldc;
                    block(mc, nc, kc, a, aBlock, ars, acs, b, bBlock, brs, bcs, f, fBlock, ldf, c, cBlock, ldc);
                }
            }
        }
    }

    /// Size of equal blocks no larger than `limit`: 300 becomes 150 + 150, not 256 + 44.
    static int evenBlock(int size, int limit) {
        int blocks = (size + limit - 1) / limit;
        return (size + blocks - 1) / blocks;
    }

    /// One depth block of one phase: pack both operands (in parallel), then multiply (in parallel).
    private static void block(
            int mc,
            int nc,
            int kc,
            float[] a,
            int ao,
            int ars,
            int acs,
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
        int aPanels = (mc + MR - 1) / MR;
        int bPanels = (nc + NR - 1) / NR;
        float[] ap = Scratch.floats(Scratch.GEMM_A, aPanels * MR * kc);
        float[] bp = Scratch.lines(Scratch.GEMM_B, bPanels * NR * kc);
        boolean serial = (long) mc * nc * kc < SERIAL_WORK;
        if (serial) {
            PanelProduct.packRows(0, aPanels, mc, kc, a, ao, ars, acs, ap, 0);
            PanelProduct.packColumns(0, bPanels, nc, kc, b, bo, brs, bcs, bp, Scratch.LINE);
            PanelProduct.add(0, mc, 0, nc, kc, ap, 0, bp, Scratch.LINE, f, fo, ldf, c, co, ldc);
            return;
        }
        int aChunks = (aPanels + 11) / 12;
        int bChunks = (bPanels + 3) / 4;
        Parallel.forRange(aChunks + bChunks, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                if (i < aChunks) {
                    int last = Math.min(aPanels, i * 12 + 12);
                    PanelProduct.packRows(i * 12, last, mc, kc, a, ao, ars, acs, ap, 0);
                } else {
                    int j = (i - aChunks) * 4;
                    PanelProduct.packColumns(j, Math.min(bPanels, j + 4), nc, kc, b, bo, brs, bcs, bp, Scratch.LINE);
                }
            }
        });
        int rowTasks = (mc + TASK_ROWS - 1) / TASK_ROWS;
        int wanted = TASK_WORK / (Math.min(mc, TASK_ROWS) * kc) / NR * NR;
        int columns = Math.max(NR, Math.min(TASK_COLUMNS, wanted));
        int columnTasks = (nc + columns - 1) / columns;
        // Along the columns first: a block of A stays in the second-level cache, and C is written page by page.
        Parallel.forRange(rowTasks * columnTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int i = t / columnTasks * TASK_ROWS;
                int j = t % columnTasks * columns;
                int i1 = Math.min(mc, i + TASK_ROWS);
                int j1 = Math.min(nc, j + columns);
                PanelProduct.add(i, i1, j, j1, kc, ap, 0, bp, Scratch.LINE, f, fo, ldf, c, co, ldc);
            }
        });
    }
}
