package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Implicit GEMM: `out[row, (n, y, x)] = sum over (c, t) of weight[row, c, t] * source[n, c, at tap t of (y, x)]`.
///
/// The patch matrix is never built: each task packs the patches of its own columns, block by block, straight from the
/// source planes. Columns run over all images, so small planes fill the vectors as well as large ones. One sweep serves
/// the forward pass, the input gradient (one sweep for each phase of the stride) and with it transposed convolution.
final class PatchGemm {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int KC = 256;
    /// Columns of a task: a packed block of them (KC x 256 floats) stays in the second-level cache.
    private static final int TASK_COLUMNS = 256;

    private final ConvTaps taps;
    private final int rows;
    private final int channels;
    private final int depth;
    // Weights: element (row, c, t) is w[wo + row * wRow + c * wChannel + taps.index[t]].
    private final float[] w;
    private final int wo;
    private final int wRow;
    private final int wChannel;
    // Source planes.
    private final float[] src;
    private final int srcOff;
    private final int srcImage;
    private final int srcH;
    private final int srcW;
    private final int stepH;
    private final int stepW;
    // Output planes: grid point (y, x) is element (y * outStepH + outH0, x * outStepW + outW0).
    private final float[] out;
    private final int outOff;
    private final int outImage;
    private final int outPlane;
    private final int outW;
    private final int gridH;
    private final int gridW;
    private final int outStepH;
    private final int outStepW;
    private final int grid;
    private final int columns;
    private final float @Nullable [] bias;
    private final int biasOff;

    private PatchGemm(
            ConvTaps taps, int rows, int channels,
            float[] w, int wo, int wRow, int wChannel,
            float[] src, int srcOff, int srcImage, int srcH, int srcW, int stepH, int stepW,
            float[] out, int outOff, int outImage, int outPlane, int outW,
            int batch, int gridH, int gridW, int outStepH, int outStepW,
            float @Nullable [] bias, int biasOff) {
        this.taps = taps;
        this.rows = rows;
        this.channels = channels;
        this.depth = channels * taps.count();
        this.w = w;
        this.wo = wo;
        this.wRow = wRow;
        this.wChannel = wChannel;
        this.src = src;
        this.srcOff = srcOff;
        this.srcImage = srcImage;
        this.srcH = srcH;
        this.srcW = srcW;
        this.stepH = stepH;
        this.stepW = stepW;
        this.out = out;
        this.outOff = outOff;
        this.outImage = outImage;
        this.outPlane = outPlane;
        this.outW = outW;
        this.gridH = gridH;
        this.gridW = gridW;
        this.outStepH = outStepH;
        this.outStepW = outStepW;
        this.grid = gridH * gridW;
        this.columns = batch * grid;
        this.bias = bias;
        this.biasOff = biasOff;
    }

    /// One group of a forward convolution.
    static void forward(
            ConvShape s, int group, float[] x, int xo, float[] w, int wo,
            float @Nullable [] bias, int biasOff, float[] y, int yo) {
        int plane = s.height() * s.width();
        int outPlane = s.outHeight() * s.outWidth();
        int filters = s.groupFilters();
        int channels = s.groupChannels();
        new PatchGemm(
                        ConvTaps.forward(s), filters, channels,
                        w, wo + group * filters * channels * s.taps(), channels * s.taps(), s.taps(),
                        x, xo + group * channels * plane, s.channels() * plane, s.height(), s.width(),
                        s.strideH(), s.strideW(),
                        y, yo + group * filters * outPlane, s.filters() * outPlane, outPlane, s.outWidth(),
                        s.batch(), s.outHeight(), s.outWidth(), 1, 1,
                        bias, biasOff + group * filters)
                .run();
    }

    /// One group and one phase of an input gradient; pixels that no tap reaches become the bias, or zero.
    static void inputGradient(
            ConvShape s, int group, int phaseH, int phaseW, float[] dy, int dyo, float[] w, int wo,
            float @Nullable [] bias, int biasOff, float[] dx, int dxo) {
        int plane = s.height() * s.width();
        int outPlane = s.outHeight() * s.outWidth();
        int filters = s.groupFilters();
        int channels = s.groupChannels();
        int gridH = (s.height() - phaseH + s.strideH() - 1) / s.strideH();
        int gridW = (s.width() - phaseW + s.strideW() - 1) / s.strideW();
        new PatchGemm(
                        ConvTaps.inputGradient(s, phaseH, phaseW), channels, filters,
                        w, wo + group * filters * channels * s.taps(), s.taps(), channels * s.taps(),
                        dy, dyo + group * filters * outPlane, s.filters() * outPlane, s.outHeight(), s.outWidth(), 1, 1,
                        dx, dxo + group * channels * plane + phaseH * s.width() + phaseW,
                        s.channels() * plane, plane, s.width(),
                        s.batch(), gridH, gridW, s.strideH(), s.strideW(),
                        bias, biasOff + group * channels)
                .run();
    }

    private void run() {
        if (columns == 0 || rows == 0) {
            return;
        }
        int kc = Gemm.evenBlock(Math.max(1, depth), KC);
        int panels = (rows + MR - 1) / MR;
        float[] packed = Scratch.floats(Scratch.CONV_A, panels * MR * depth);
        Parallel.forRange(panels, Math.max(1, (1 << 15) / Math.max(1, MR * depth)), (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                packWeights(panel * MR, kc, packed);
            }
        });
        int columnTasks = (columns + TASK_COLUMNS - 1) / TASK_COLUMNS;
        int taskRows = columnTasks >= 8 ? panels * MR : Math.max(64, (panels + 3) / 4 * MR);
        int rowTasks = (panels * MR + taskRows - 1) / taskRows;
        Parallel.forRange(columnTasks * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / rowTasks * TASK_COLUMNS;
                int i = t % rowTasks * taskRows;
                task(j, Math.min(columns, j + TASK_COLUMNS), i, Math.min(rows, i + taskRows), kc, packed);
            }
        });
    }

    /// Packs the rows of one panel, all depth blocks: block after block, `rows x depth` in all.
    private void packWeights(int row0, int kc, float[] packed) {
        int width = Math.min(MR, rows - row0);
        int panelRows = (rows + MR - 1) / MR * MR;
        int count = taps.count();
        boolean contiguous = wChannel == count;
        for (int pc = 0; pc < depth; pc += kc) {
            int n = Math.min(kc, depth - pc);
            int d = pc * panelRows + row0 * n;
            int at = wo + row0 * wRow;
            if (contiguous) {
                Panels.pack(w, at + pc, wRow, 1, width, MR, n, packed, d);
                continue;
            }
            for (int p = 0; p < n; p++) {
                int k = pc + p;
                int s = at + k / count * wChannel + taps.index[k % count];
                for (int i = 0; i < MR; i++) {
                    packed[d + p * MR + i] = i < width ? w[s + i * wRow] : 0f;
                }
            }
        }
    }

    /// Columns [j0, j1) and rows [i0, i1) of the output, complete.
    private void task(int j0, int j1, int i0, int i1, int kc, float[] packed) {
        int panelRows = (rows + MR - 1) / MR * MR;
        int slivers = (j1 - j0 + NR - 1) / NR;
        float[] patches = Scratch.floats(Scratch.CONV_B, slivers * NR * kc);
        int[] at = new int[NR];
        for (int j = j0; j < j1; j += NR) {
            int width = Math.min(NR, j1 - j);
            addresses(j, width, at);
            initialise(i0, i1, width, at);
        }
        for (int pc = 0; pc < depth; pc += kc) {
            int n = Math.min(kc, depth - pc);
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
                        GemmKernel.tile(n, packed, a, patches, b, out, at[0] + i * outPlane, outPlane);
                    } else {
                        scattered(Math.min(MR, i1 - i), width, n, packed, a, patches, b, at, i * outPlane);
                    }
                }
            }
        }
    }

    /// Offsets in `out` of row 0 of columns j .. j + width; true if they are one full contiguous run.
    private boolean addresses(int j, int width, int[] at) {
        int n = j / grid;
        int rest = j - n * grid;
        int y = rest / gridW;
        int x = rest - y * gridW;
        boolean run = width == NR;
        for (int i = 0; i < width; i++) {
            at[i] = outOff + n * outImage + y * outStepH * outW + x * outStepW;
            run &= at[i] == at[0] + i;
            if (++x == gridW) {
                x = 0;
                if (++y == gridH) {
                    y = 0;
                    n++;
                }
            }
        }
        return run;
    }

    private void initialise(int i0, int i1, int width, int[] at) {
        for (int i = i0; i < i1; i++) {
            float value = bias == null ? 0f : bias[biasOff + i];
            int row = i * outPlane;
            if (width > 1 && at[width - 1] - at[0] == width - 1) {
                Arrays.fill(out, row + at[0], row + at[0] + width, value);
            } else {
                for (int j = 0; j < width; j++) {
                    out[row + at[j]] = value;
                }
            }
        }
    }

    /// A tile whose columns are not one run of the output: goes through a scratch tile.
    private void scattered(
            int height, int width, int n, float[] packed, int a, float[] patches, int b, int[] at, int row) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, MR * NR);
        for (int i = 0; i < height; i++) {
            int base = row + i * outPlane;
            for (int j = 0; j < width; j++) {
                t[i * NR + j] = out[base + at[j]];
            }
        }
        GemmKernel.tile(n, packed, a, patches, b, t, 0, NR);
        for (int i = 0; i < height; i++) {
            int base = row + i * outPlane;
            for (int j = 0; j < width; j++) {
                out[base + at[j]] = t[i * NR + j];
            }
        }
    }

    /// Packs depth steps [pc, pc + n) of columns j .. j + width: `dst[d + p * NR + lane]`.
    private void packPatches(int j, int width, int pc, int n, float[] dst, int d) {
        int lane = 0;
        while (lane < width) {
            int image = (j + lane) / grid;
            int rest = j + lane - image * grid;
            int y = rest / gridW;
            int x = rest - y * gridW;
            int run = Math.min(width - lane, gridW - x);
            packRun(srcOff + image * srcImage, y * stepH, x * stepW, run, pc, n, dst, d + lane);
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
        int count = taps.count();
        int c = pc / count;
        int t = pc - c * count;
        for (int p = 0; p < n; p++) {
            int row = y + taps.rows[t];
            if (row < 0 || row >= srcH) {
                PatchCopy.zero(dst, d + p * NR, run);
            } else {
                int at = image + (c * srcH + row) * srcW;
                PatchCopy.clipped(src, at, srcW, x + taps.columns[t], stepW, dst, d + p * NR, run);
            }
            if (++t == count) {
                t = 0;
                c++;
            }
        }
    }
}
