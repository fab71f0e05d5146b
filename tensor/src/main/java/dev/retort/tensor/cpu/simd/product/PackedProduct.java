package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;
import org.jspecify.annotations.Nullable;

/// A product of packed panels, `C = F + A B`; F is the row `start` for every row of C, or C itself if that is null.
///
/// Panels of A and B are packed for a phase of the summed dimension; a task takes a block of C through all depth
/// blocks of the phase, so that C stays in the second-level cache between them.
record PackedProduct(
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
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Depth of a block: a panel of B (KC x NR) and one of A stay in the first-level cache (48 KB).
    private static final int KC = 256;
    /// Depth, rows and columns that share one packing of both operands.
    private static final int K_PHASE = 1024;

    private static final int M_PHASE = 2048;
    private static final int N_PHASE = GemmKernel.ZEROS.length;
    /// Rows of C in one parallel task, a multiple of every MR; columns are chosen for about TASK_WORK
    /// multiply-adds.
    private static final int TASK_ROWS = 96;

    private static final int TASK_COLUMNS = 512;
    private static final int TASK_WORK = 1 << 21;
    /// Rows up to which every task packs the columns it needs, since no other task reads them.
    private static final int OWN_ROWS = 192;
    /// Columns of such a task: a depth block of them and their part of C stay in the second-level cache.
    private static final int OWN_COLUMNS = 768;

    /// One phase: rows from i, columns from j, depth from p; `kc` is the depth of its blocks.
    private record Phase(int i, int rows, int j, int columns, int p, int depth, int kc) {
        static Phase of(int i, int rows, int j, int columns, int p, int depth) {
            return new Phase(i, rows, j, columns, p, depth, Gemm.evenBlock(depth, KC));
        }

        /// Depth of the block that starts at q.
        int depthAt(int q) {
            return Math.min(kc, depth - q);
        }

        int paddedRows() {
            return (rows + MR - 1) / MR * MR;
        }

        int paddedColumns() {
            return (columns + NR - 1) / NR * NR;
        }
    }

    void run() {
        int kPhase = Gemm.evenBlock(k, K_PHASE);
        for (int jc = 0; jc < n; jc += N_PHASE) {
            for (int ic = 0; ic < m; ic += M_PHASE) {
                for (int pc = 0; pc < k; pc += kPhase) {
                    phase(Phase.of(
                            ic,
                            Math.min(M_PHASE, m - ic),
                            jc,
                            Math.min(N_PHASE, n - jc),
                            pc,
                            Math.min(kPhase, k - pc)));
                }
            }
        }
    }

    private void phase(Phase s) {
        float[] ap = Scratch.floats(Scratch.GEMM_A, s.paddedRows() * s.depth);
        if (s.rows <= OWN_ROWS) {
            packA(s, 0, s.paddedRows() / MR, ap);
            ownColumns(s, ap);
            return;
        }
        float[] bp = Scratch.lines(Scratch.GEMM_B, s.paddedColumns() * s.depth);
        int aChunks = (s.paddedRows() / MR + 11) / 12;
        int bPanels = s.paddedColumns() / NR;
        int bChunks = (bPanels + 11) / 12;
        Parallel.forRange(aChunks + bChunks, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                if (i < aChunks) {
                    packA(s, i * 12, Math.min(s.paddedRows() / MR, i * 12 + 12), ap);
                } else {
                    int j = (i - aChunks) * 12;
                    packB(s, j, Math.min(bPanels, j + 12), bp);
                }
            }
        });
        int rowTasks = (s.rows + TASK_ROWS - 1) / TASK_ROWS;
        int wanted = TASK_WORK / (Math.min(s.rows, TASK_ROWS) * s.kc) / NR * NR;
        int columns = Math.max(NR, Math.min(TASK_COLUMNS, wanted));
        int columnTasks = (s.columns + columns - 1) / columns;
        // Along the columns first: a block of A stays in the second-level cache, and C is written page by page.
        Parallel.forRange(rowTasks * columnTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int i = t / columnTasks * TASK_ROWS;
                int j = t % columnTasks * columns;
                int i1 = Math.min(s.rows, i + TASK_ROWS);
                int j1 = Math.min(s.columns, j + columns);
                for (int q = 0; q < s.depth; q += s.kc) {
                    multiply(s, q, i, i1, j, j1, Scratch.LINE + q * s.paddedColumns(), ap, bp);
                }
            }
        });
    }

    /// Few rows: a task packs a depth block of its columns and multiplies it while it is in the cache.
    private void ownColumns(Phase s, float[] ap) {
        boolean serial = (long) s.rows * s.columns * s.depth < Gemm.SERIAL_WORK;
        int share = (s.columns - 1) / (serial ? 1 : Parallel.threads()) + 1;
        int columns = (Math.min(OWN_COLUMNS, share) + NR - 1) / NR * NR;
        Parallel.forRange(s.columns, serial ? s.columns : columns, (from, to) -> {
            for (int j = from; j < to; j += columns) {
                int last = Math.min(to, j + columns);
                int panels = (last - j + NR - 1) / NR;
                float[] bp = Scratch.lines(Scratch.GEMM_B, panels * NR * s.kc);
                for (int q = 0; q < s.depth; q += s.kc) {
                    int off = bo + (s.p + q) * brs + (s.j + j) * bcs;
                    PanelProduct.packColumns(last - j, s.depthAt(q), b, off, brs, bcs, bp, Scratch.LINE);
                    multiply(s, q, 0, s.rows, j, last, Scratch.LINE - j * s.depthAt(q), ap, bp);
                }
            }
        });
    }

    /// Packs panels [from, to) of rows, all depth blocks.
    private void packA(Phase s, int from, int to, float[] ap) {
        for (int q = 0; q < s.depth; q += s.kc) {
            int off = ao + s.i * ars + (s.p + q) * acs;
            PanelProduct.packRows(from, to, s.rows, s.depthAt(q), a, off, ars, acs, ap, q * s.paddedRows());
        }
    }

    /// Packs panels [from, to) of columns, all depth blocks.
    private void packB(Phase s, int from, int to, float[] bp) {
        for (int q = 0; q < s.depth; q += s.kc) {
            int off = bo + (s.p + q) * brs + s.j * bcs;
            int at = Scratch.LINE + q * s.paddedColumns();
            PanelProduct.packColumns(from, to, s.columns, s.depthAt(q), b, off, brs, bcs, bp, at);
        }
    }

    /// Takes rows [i0, i1) and columns [j0, j1) of C through the depth block at q; column 0 is packed at `bt`.
    private void multiply(Phase s, int q, int i0, int i1, int j0, int j1, int bt, float[] ap, float[] bp) {
        int corner = co + s.i * ldc + s.j;
        int at = q * s.paddedRows();
        if (start == null || s.p + q > 0) {
            PanelProduct.add(i0, i1, j0, j1, s.depthAt(q), ap, at, bp, bt, c, corner, ldc);
        } else {
            int row = start == GemmKernel.ZEROS ? 0 : startOff + s.j;
            PanelProduct.add(i0, i1, j0, j1, s.depthAt(q), ap, at, bp, bt, start, row, 0, c, corner, ldc);
        }
    }
}
