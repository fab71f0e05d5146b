package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Implicit GEMM: computes a [Sweep] as a product of its weights with its patches.
///
/// The patch matrix is never built: each task packs the patches of its own columns, block by block,
/// straight from the
/// source planes. Columns run over all images, so small planes fill the vectors as well as large ones.
final class PatchGemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int KC = 256;
    /// Columns of a task: a packed block of them (KC x 256 floats) stays in the second-level cache.
    private static final int TASK_COLUMNS = 256;

    private final Sweep s;

    PatchGemm(Sweep sweep) {
        s = sweep;
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        int kc = Gemm.evenBlock(Math.max(1, s.depth), KC);
        int panels = (s.rows + MR - 1) / MR;
        float[] packed = s.packWeights(kc);
        int columnTasks = (s.columns + TASK_COLUMNS - 1) / TASK_COLUMNS;
        int taskRows = columnTasks >= 8 ? panels * MR : Math.max(64, (panels + 3) / 4 * MR);
        int rowTasks = (panels * MR + taskRows - 1) / taskRows;
        Parallel.forRange(columnTasks * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / rowTasks * TASK_COLUMNS;
                int i = t % rowTasks * taskRows;
                task(j, Math.min(s.columns, j + TASK_COLUMNS), i, Math.min(s.rows, i + taskRows), kc, packed);
            }
        });
    }

    /// Columns [j0, j1) and rows [i0, i1) of the output, complete.
    private void task(int j0, int j1, int i0, int i1, int kc, float[] packed) {
        int panelRows = (s.rows + MR - 1) / MR * MR;
        int slivers = (j1 - j0 + NR - 1) / NR;
        float[] patches = Scratch.floats(Scratch.CONV_B, slivers * NR * kc);
        int[] at = new int[NR];
        for (int j = j0; j < j1; j += NR) {
            int width = Math.min(NR, j1 - j);
            addresses(j, width, at);
            initialise(i0, i1, width, at);
        }
        for (int pc = 0; pc < s.depth; pc += kc) {
            int n = Math.min(kc, s.depth - pc);
            for (int j = j0; j < j1; j += NR) {
                packPatches(j, Math.min(NR, j1 - j), pc, n, patches, (j - j0) * n);
            }
            for (int j = j0; j < j1; j += NR) {
                int width = Math.min(NR, j1 - j);
                boolean direct = addresses(j, width, at);
                for (int i = i0; i < i1; i += MR) {
                    int a = pc * panelRows + i * n;
                    int b = (j - j0) * n;
                    if (direct && i + MR <= i1) {
                        GemmKernel.tile(n, packed, a, patches, b, s.out, at[0] + i * s.outPlane, s.outPlane);
                    } else {
                        scattered(Math.min(MR, i1 - i), width, n, packed, a, patches, b, at, i * s.outPlane);
                    }
                }
            }
        }
    }

    /// Offsets in `out` of row 0 of columns j .. j + width; true if they are one full contiguous run.
    private boolean addresses(int j, int width, int[] at) {
        int n = j / s.grid;
        int rest = j - n * s.grid;
        int y = rest / s.gridW;
        int x = rest - y * s.gridW;
        boolean run = width == NR;
        for (int i = 0; i < width; i++) {
            at[i] = s.outOff + n * s.outImage + y * s.outStepH * s.outW + x * s.outStepW;
            run &= at[i] == at[0] + i;
            if (++x == s.gridW) {
                x = 0;
                if (++y == s.gridH) {
                    y = 0;
                    n++;
                }
            }
        }
        return run;
    }

    private void initialise(int i0, int i1, int width, int[] at) {
        for (int i = i0; i < i1; i++) {
            float value = s.bias == null ? 0f : s.bias[s.biasOff + i];
            int row = i * s.outPlane;
            if (width > 1 && at[width - 1] - at[0] == width - 1) {
                Arrays.fill(s.out, row + at[0], row + at[0] + width, value);
            } else {
                for (int j = 0; j < width; j++) {
                    s.out[row + at[j]] = value;
                }
            }
        }
    }

    /// A tile whose columns are not one run of the output: goes through a scratch tile.
    private void scattered(
            int height, int width, int n, float[] packed, int a, float[] patches, int b, int[] at, int row) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, MR * NR);
        for (int i = 0; i < height; i++) {
            int base = row + i * s.outPlane;
            for (int j = 0; j < width; j++) {
                t[i * NR + j] = s.out[base + at[j]];
            }
        }
        GemmKernel.tile(n, packed, a, patches, b, t, 0, NR);
        for (int i = 0; i < height; i++) {
            int base = row + i * s.outPlane;
            for (int j = 0; j < width; j++) {
                s.out[base + at[j]] = t[i * NR + j];
            }
        }
    }

    /// Packs depth steps [pc, pc + n) of columns j .. j + width: `dst[d + p * NR + lane]`.
    private void packPatches(int j, int width, int pc, int n, float[] dst, int d) {
        int lane = 0;
        while (lane < width) {
            int image = (j + lane) / s.grid;
            int rest = j + lane - image * s.grid;
            int y = rest / s.gridW;
            int x = rest - y * s.gridW;
            int run = Math.min(width - lane, s.gridW - x);
            packRun(s.srcOff + image * s.srcImage, y * s.stepH, x * s.stepW, run, pc, n, dst, d + lane);
            lane += run;
        }
        if (width < NR) {
            for (int p = 0; p < n; p++) {
                PatchCopy.zero(dst, d + p * NR + width, NR - width);
            }
        }
    }

    /// One run of neighbouring grid points in one row of one image.
    private void packRun(int image, int y, int x, int run, int pc, int n, float[] dst, int d) {
        int count = s.taps.count();
        int c = pc / count;
        int t = pc - c * count;
        for (int p = 0; p < n; p++) {
            int row = y + s.taps.rows[t];
            if (row < 0 || row >= s.srcH) {
                PatchCopy.zero(dst, d + p * NR, run);
            } else {
                int at = image + (c * s.srcH + row) * s.srcW;
                PatchCopy.clipped(s.src, at, s.srcW, x + s.taps.columns[t], s.stepW, dst, d + p * NR, run);
            }
            if (++t == count) {
                t = 0;
                c++;
            }
        }
    }
}
