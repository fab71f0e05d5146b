package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;
import org.jspecify.annotations.Nullable;

/// A product with contiguous rows of A, `C = F + A B`; F is the row `start` for every row of C, or C itself if that is
/// null. The sums are those of [PackedProduct].
///
/// Columns of B are packed for a phase of the summed dimension; rows of A are read where they lie. A task takes a block
/// of C through all depth blocks of the phase. Between them the block is kept in scratch memory, panel by panel: rows
/// of C itself may be a power of two apart, and so compete for a few sets of the caches.
record InPlaceProduct(
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
    private static final int MR = WideKernel.MR;
    private static final int WIDTH = RowPanels.WIDTH;
    /// Depth, and columns, that share one packing of B.
    private static final int K_PHASE = 1024;

    private static final int N_PHASE = GemmKernel.ZEROS.length;
    /// Rows and columns of C in one parallel task: a depth block of A and the block of C stay in the second-level
    /// cache.
    private static final int TASK_ROWS = 192;

    private static final int TASK_COLUMNS = 2 * WIDTH;
    /// Rows of a task below which panels of B would be read too often.
    private static final int FEWEST_ROWS = 48;
    /// Tasks for each thread, so that none waits long for another at the end.
    private static final int SHARE = 4;
    /// Columns that are packed at a time.
    private static final int PACK_COLUMNS = 512;
    /// Rows up to which every task packs the columns it needs, since no other task reads them.
    private static final int OWN_ROWS = 192;
    /// Columns of such a task: a depth block of them and their part of C stay in the second-level cache.
    private static final int OWN_COLUMNS = 768;

    /// One phase: columns from j, depth from p; `kc` is the depth of its blocks.
    private record Phase(int j, int columns, int p, int depth, int kc, boolean serial) {
        /// Depth of the block that starts at q.
        int depthAt(int q) {
            return Math.min(kc, depth - q);
        }
    }

    void run() {
        int kPhase = Gemm.evenBlock(k, K_PHASE);
        for (int jc = 0; jc < n; jc += N_PHASE) {
            for (int pc = 0; pc < k; pc += kPhase) {
                phase(jc, Math.min(N_PHASE, n - jc), pc, Math.min(kPhase, k - pc));
            }
        }
    }

    private void phase(int j, int columns, int p, int depth) {
        boolean serial = (long) m * columns * depth < Gemm.SERIAL_WORK;
        Phase s = new Phase(j, columns, p, depth, Gemm.evenBlock(depth, RowPanels.DEPTH), serial);
        if (m <= OWN_ROWS) {
            ownColumns(s);
        } else {
            sharedColumns(s);
        }
    }

    private void sharedColumns(Phase s) {
        float[] bp = Scratch.lines(Scratch.GEMM_B, RowPanels.floats(s.columns, s.depth));
        int step = RowPanels.floats(s.columns, 1);
        int blocks = (s.depth + s.kc - 1) / s.kc;
        int groups = (s.columns + PACK_COLUMNS - 1) / PACK_COLUMNS;
        Parallel.forRange(blocks * groups, s.serial ? blocks * groups : 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int q = t / groups * s.kc;
                int j = t % groups * PACK_COLUMNS;
                pack(s, q, j, Math.min(s.columns, j + PACK_COLUMNS), bp, Scratch.LINE + q * step + j * s.depthAt(q));
            }
        });
        int columnTasks = (s.columns + TASK_COLUMNS - 1) / TASK_COLUMNS;
        int rows = taskRows(columnTasks);
        int tasks = (m + rows - 1) / rows * columnTasks;
        // Along the columns first: a block of A stays in the second-level cache, and C is written page by page.
        Parallel.forRange(tasks, s.serial ? tasks : 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int i = t / columnTasks * rows;
                int j = t % columnTasks * TASK_COLUMNS;
                int columns = Math.min(TASK_COLUMNS, s.columns - j);
                for (int q = 0; q < s.depth; q += s.kc) {
                    int at = Scratch.LINE + q * step + j * s.depthAt(q);
                    multiply(s, q, i, Math.min(rows, m - i), j, columns, bp, at);
                }
            }
        });
    }

    /// Rows of a task: even blocks, and tasks enough for all threads.
    private int taskRows(int columnTasks) {
        int rowTasks = (m + TASK_ROWS - 1) / TASK_ROWS;
        int wanted = (SHARE * Parallel.threads() + columnTasks - 1) / columnTasks;
        int most = (m + FEWEST_ROWS - 1) / FEWEST_ROWS;
        int tasks = Math.max(rowTasks, Math.min(wanted, most));
        return ((m + tasks - 1) / tasks + 2 * MR - 1) / (2 * MR) * (2 * MR);
    }

    /// Few rows: a task packs a depth block of its columns and multiplies it while it is in the cache.
    private void ownColumns(Phase s) {
        int share = (s.columns - 1) / (s.serial ? 1 : Parallel.threads()) + 1;
        int columns = (Math.min(OWN_COLUMNS, share) + WIDTH - 1) / WIDTH * WIDTH;
        Parallel.forRange(s.columns, s.serial ? s.columns : columns, (from, to) -> {
            for (int j = from; j < to; j += columns) {
                int last = Math.min(to, j + columns);
                float[] bp = Scratch.lines(Scratch.GEMM_B, RowPanels.floats(last - j, s.kc));
                for (int q = 0; q < s.depth; q += s.kc) {
                    pack(s, q, j, last, bp, Scratch.LINE);
                    multiply(s, q, 0, m, j, last - j, bp, Scratch.LINE);
                }
            }
        });
    }

    /// Packs columns [from, to) of the depth block at q.
    private void pack(Phase s, int q, int from, int to, float[] bp, int at) {
        int off = bo + (s.p + q) * brs + (s.j + from) * bcs;
        RowPanels.pack(to - from, s.depthAt(q), b, off, brs, bcs, bp, at);
    }

    /// Takes `rows` rows from i and `columns` columns from j of C through the depth block at q; column j is packed at
    /// `bp[at]`.
    private void multiply(Phase s, int q, int i, int rows, int j, int columns, float[] bp, int at) {
        float[] kept =
                q == 0 && s.kc >= s.depth ? c : Scratch.floats(Scratch.GEMM_C, rows * RowPanels.floats(columns, 1));
        boolean last = q + s.kc >= s.depth;
        int left = ao + i * ars + s.p + q;
        int width;
        for (int x = 0; x < columns; x += width) {
            width = RowPanels.width(columns - x);
            int used = Math.min(width, columns - x);
            int panel = at + x * s.depthAt(q);
            int corner = co + i * ldc + s.j + j + x;
            float[] f = kept;
            int fo = x * rows;
            int ldf = width;
            if (start != null && s.p + q == 0) {
                f = start;
                fo = start == GemmKernel.ZEROS ? 0 : startOff + s.j + j + x;
                ldf = 0;
            } else if (q == 0) {
                f = c;
                fo = corner;
                ldf = ldc;
            }
            int to = last ? corner : x * rows;
            RowPanels.add(
                    rows,
                    used,
                    s.depthAt(q),
                    a,
                    left,
                    ars,
                    bp,
                    panel,
                    f,
                    fo,
                    ldf,
                    last ? c : kept,
                    to,
                    last ? ldc : width);
        }
    }
}
