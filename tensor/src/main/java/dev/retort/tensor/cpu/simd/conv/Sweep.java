package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.ConvTaps;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.Panels;
import org.jspecify.annotations.Nullable;

/// One sum over taps and channels for every point of a grid:
/// `out[row, (n, y, x)] = bias[row] + sum over (c, t) of weight[row, c, t] * source[n, c, at tap t of
/// (y, x)]`.
///
/// It describes a group of a forward convolution, or one phase of an input gradient (and with it of a
/// transposed convolution). [DirectGemm], [PatchGemm] and [PhaseConv] compute it; [StridedGrad] computes several
/// phases together.
///
/// In [PatchGemm] a sum goes over blocks of channels, and in each over the channels of the first tap, then over those
/// of the next; the block depends on the numbers of taps and channels only. In [StridedGrad] a block is all channels.
final class Sweep {
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;

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
    // Output planes: grid point j of an image is element j, except where phases share a plane.
    final float[] out;
    final int outOff;
    final int outImage;
    final int outPlane;
    final int gridH;
    final int gridW;
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
            int batch,
            int gridH,
            int gridW,
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
        this.gridH = gridH;
        this.gridW = gridW;
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
                s.batch(),
                s.outHeight(),
                s.outWidth(),
                bias,
                biasOff + group * filters);
    }

    /// One group and one phase of an input gradient: grid point (y, x) is pixel
    /// `(y * strideH + phaseH, x * strideW + phaseW)`. Pixels that no tap reaches become the bias, or zero. All
    /// phases have the grid of the first, so the last row and column of the others may lie outside of the plane.
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
                dxo + group * channels * plane,
                s.channels() * plane,
                plane,
                s.batch(),
                (s.height() + s.strideH() - 1) / s.strideH(),
                (s.width() + s.strideW() - 1) / s.strideW(),
                bias,
                biasOff + group * channels);
    }

    /// Packs all weights, in parallel: for each block of `block` channels its panels, each `channels x taps` x MR, one
    /// tap after the other.
    float[] packWeights(int block) {
        int panels = (rows + MR - 1) / MR;
        int count = taps.count();
        float[] packed = Scratch.floats(Scratch.CONV_A, panels * MR * depth);
        Parallel.forRange(panels, Math.max(1, (1 << 15) / Math.max(1, MR * depth)), (from, to) -> {
            for (int panel = from; panel < to; panel++) {
                for (int c = 0; c < channels; c += block) {
                    int n = Math.min(block, channels - c);
                    int at = (c * panels + panel * n) * count * MR;
                    for (int t = 0; t < count; t++) {
                        packPanel(panel * MR, t * channels + c, n, packed, at + t * n * MR);
                    }
                }
            }
        });
        return packed;
    }

    /// Packs depth steps [p0, p0 + n) of MR rows from row0 on, where step p is channel `p % channels` at tap
    /// `p / channels`; rows beyond the last become zero.
    void packPanel(int row0, int p0, int n, float[] packed, int d) {
        packPanel(row0, Math.min(MR, rows - row0), p0, n, packed, d);
    }

    /// As the other, but only `width` of the MR rows are taken, and the rest becomes zero.
    void packPanel(int row0, int width, int p0, int n, float[] packed, int d) {
        for (int p = 0; p < n; ) {
            int t = (p0 + p) / channels;
            int c = (p0 + p) % channels;
            int count = Math.min(n - p, channels - c);
            int at = wo + row0 * wRow + c * wChannel + taps.index[t];
            Panels.pack(w, at, wRow, wChannel, width, MR, count, packed, d + p * MR);
            p += count;
        }
    }

    /// Where column j of row i of the output is.
    int place(int i, int j) {
        int image = j / grid;
        return outOff + image * outImage + i * outPlane + j - image * grid;
    }

    /// Where the tiles of the first row of columns [j0, j1) go: -1 for those that touch two images or go beyond the
    /// end.
    int[] places(int j0, int j1) {
        int[] places = new int[(j1 - j0 + NR - 1) / NR];
        for (int k = 0; k < places.length; k++) {
            int j = j0 + k * NR;
            places[k] = j + NR <= Math.min(j1, (j / grid + 1) * grid) ? place(0, j) : -1;
        }
        return places;
    }
}
