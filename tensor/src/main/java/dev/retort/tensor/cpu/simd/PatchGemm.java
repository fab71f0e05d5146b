package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;

/// Implicit GEMM: computes a [Sweep] as a product of its weights with its patches.
///
/// ```
///   source planes              patches: KC x TASK_COLUMNS      sums: rows x TASK_COLUMNS      output
///   runs of a line at a tap -> panels of NR (L2)          ->   (L2)                      ->   runs of a line
/// ```
///
/// The patch matrix is never built: each task packs the patches of its own columns, block by block
/// ([Patches]). Columns run over all images, so small planes fill the vectors as well as large ones.
final class PatchGemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int KC = 256;
    /// Columns of a task: a packed block of them (KC x 256 floats) stays in the second-level cache.
    private static final int TASK_COLUMNS = 256;
    /// Floats between rows of sums: whole cache lines, but not a power of two.
    private static final int PITCH = TASK_COLUMNS + NR;
    /// Rows of a task at most: their sums stay in the second-level cache.
    private static final int TASK_ROWS = 512;
    /// Tasks for each thread that keep all threads busy to the end.
    private static final int TASKS = 4;

    private final Sweep s;
    private final int kc;

    PatchGemm(Sweep sweep) {
        s = sweep;
        kc = Gemm.evenBlock(Math.max(1, s.depth), KC);
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        int panels = (s.rows + MR - 1) / MR;
        float[] packed = s.packWeights(kc);
        int columnTasks = (s.columns + TASK_COLUMNS - 1) / TASK_COLUMNS;
        int threads = Parallel.threads();
        int split = threads == 1 ? 1 : Math.max(1, TASKS * threads / columnTasks);
        int rowTasks = Math.min(panels, Math.max(split, (s.rows + TASK_ROWS - 1) / TASK_ROWS));
        int taskRows = (panels + rowTasks - 1) / rowTasks * MR;
        Parallel.forRange(columnTasks * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / rowTasks * TASK_COLUMNS;
                int i = t % rowTasks * taskRows;
                if (i < s.rows) {
                    task(j, Math.min(s.columns, j + TASK_COLUMNS), i, Math.min(s.rows, i + taskRows), packed);
                }
            }
        });
    }

    /// Columns [j0, j1) and rows [i0, i1) of the output, complete.
    private void task(int j0, int j1, int i0, int i1, float[] packed) {
        int panelRows = (s.rows + MR - 1) / MR * MR;
        int rows = (i1 - i0 + MR - 1) / MR * MR;
        int columns = (j1 - j0 + NR - 1) / NR * NR;
        float[] patches = Scratch.lines(Scratch.CONV_B, columns * kc);
        float[] sums = Scratch.lines(Scratch.CONV_SUMS, rows * PITCH);
        int at = Scratch.LINE;
        Patches.start(s, i0, i1, PITCH, sums, at);
        for (int p = 0; p < s.depth; p += kc) {
            int n = Math.min(kc, s.depth - p);
            Patches.pack(s, p, n, j0, j1, patches, at);
            boolean first = p == 0 && s.bias == null;
            Patches.multiply(first, n, rows, columns, packed, p * panelRows + i0 * n, patches, at, sums, at, PITCH);
        }
        store(j0, j1, i0, i1, sums);
    }

    /// Copies the sums to their places in the output, plane after plane.
    private void store(int j0, int j1, int i0, int i1, float[] sums) {
        for (int i = i0; i < i1; i++) {
            int from = Scratch.LINE + (i - i0) * PITCH - j0;
            for (int j = j0; j < j1; ) {
                int image = j / s.grid;
                int end = Math.min(j1, (image + 1) * s.grid);
                int to = s.outOff + image * s.outImage + i * s.outPlane + j - image * s.grid;
                PatchCopy.run(sums, from + j, s.out, to, end - j);
                j = end;
            }
        }
    }
}
