package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import org.jspecify.annotations.Nullable;

/// One sum over taps and channels for every point of a grid:
/// `out[row, (n, y, x)] = bias[row] + sum over (c, t) of weight[row, c, t] * source[n, c, at tap t of
/// (y, x)]`.
///
/// It describes a group of a forward convolution, or one phase of an input gradient (and with it of a
/// transposed
/// convolution). [PatchGemm] and [DirectConv] compute it, with the same bits.
final class Sweep {
    private static final int MR = GemmKernel.MR;

    final ConvTaps taps;
    final int rows;
    final int channels;
    final int depth;
    // Weights: element (row, c, t) is w[wo + row * wRow + c * wChannel + taps.index[t]].
    final float[] w;
    final int wo;
    final int wRow;
    final int wChannel;
    // Source planes.
    final float[] src;
    final int srcOff;
    final int srcImage;
    final int srcH;
    final int srcW;
    final int stepH;
    final int stepW;
    // Output planes: grid point (y, x) is element (y * outStepH + outH0, x * outStepW + outW0).
    final float[] out;
    final int outOff;
    final int outImage;
    final int outPlane;
    final int outW;
    final int gridH;
    final int gridW;
    final int outStepH;
    final int outStepW;
    final int batch;
    final int grid;
    final int columns;
    final float @Nullable [] bias;
    final int biasOff;

    private Sweep(
            ConvTaps taps,
            int rows,
            int channels,
            float[] w,
            int wo,
            int wRow,
            int wChannel,
            float[] src,
            int srcOff,
            int srcImage,
            int srcH,
            int srcW,
            int stepH,
            int stepW,
            float[] out,
            int outOff,
            int outImage,
            int outPlane,
            int outW,
            int batch,
            int gridH,
            int gridW,
            int outStepH,
            int outStepW,
            float @Nullable [] bias,
            int biasOff) {
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
        this.batch = batch;
        this.columns = batch * grid;
        this.bias = bias;
        this.biasOff = biasOff;
    }

    /// One group of a forward convolution.
    static Sweep forward(
            ConvShape s,
            int group,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        int plane = s.height() * s.width();
        int outPlane = s.outHeight() * s.outWidth();
        int filters = s.groupFilters();
        int channels = s.groupChannels();
        return new Sweep(
                ConvTaps.forward(s),
                filters,
                channels,
                w,
                wo + group * filters * channels * s.taps(),
                channels * s.taps(),
                s.taps(),
                x,
                xo + group * channels * plane,
                s.channels() * plane,
                s.height(),
                s.width(),
                s.strideH(),
                s.strideW(),
                y,
                yo + group * filters * outPlane,
                s.filters() * outPlane,
                outPlane,
                s.outWidth(),
                s.batch(),
                s.outHeight(),
                s.outWidth(),
                1,
                1,
                bias,
                biasOff + group * filters);
    }

    /// One group and one phase of an input gradient; pixels that no tap reaches become the bias, or zero.
    static Sweep inputGradient(
            ConvShape s,
            int group,
            int phaseH,
            int phaseW,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        int plane = s.height() * s.width();
        int outPlane = s.outHeight() * s.outWidth();
        int filters = s.groupFilters();
        int channels = s.groupChannels();
        int gridH = (s.height() - phaseH + s.strideH() - 1) / s.strideH();
        int gridW = (s.width() - phaseW + s.strideW() - 1) / s.strideW();
        return new Sweep(
                ConvTaps.inputGradient(s, phaseH, phaseW),
                channels,
                filters,
                w,
                wo + group * filters * channels * s.taps(),
                s.taps(),
                channels * s.taps(),
                dy,
                dyo + group * filters * outPlane,
                s.filters() * outPlane,
                s.outHeight(),
                s.outWidth(),
                1,
                1,
                dx,
                dxo + group * channels * plane + phaseH * s.width() + phaseW,
                s.channels() * plane,
                plane,
                s.width(),
                s.batch(),
                gridH,
                gridW,
                s.strideH(),
                s.strideW(),
                bias,
                biasOff + group * channels);
    }

    /// Packs all weights, in parallel: for each depth block of `kc` steps its panels, each kc x MR.
    float[] packWeights(int kc) {
        int panels = (rows + MR - 1) / MR;
        float[] packed = Scratch.floats(Scratch.CONV_A, panels * MR * depth);
        Parallel.forRange(panels, Math.max(1, (1 << 15) / Math.max(1, MR * depth)), (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                packPanel(panel * MR, kc, packed);
            }
        });
        return packed;
    }

    /// Packs the rows of one panel, all depth blocks: block after block, `rows x depth` in all.
    private void packPanel(int row0, int kc, float[] packed) {
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
}
