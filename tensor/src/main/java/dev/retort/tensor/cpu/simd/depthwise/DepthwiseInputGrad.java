package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import org.jspecify.annotations.Nullable;

/// Input gradient of a depthwise convolution with one filter a channel and a step of one or two columns.
///
/// Pixels whose rows and columns leave the same remainder by the step meet the same taps: each such grid is a filter
/// over the output's gradient. Grids of even and odd columns are joined to rows.
final class DepthwiseInputGrad {
    private static final int L = Lanes.LENGTH;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 14;

    private final ConvShape s;
    private final DepthwiseWindow[] windows;

    DepthwiseInputGrad(ConvShape s) {
        this.s = s;
        windows = DepthwiseWindow.inputGradient(s);
    }

    void run(float[] dy, int dyo, float[] w, int wo, float @Nullable [] bias, int biasOff, float[] dx, int dxo) {
        int grain = Math.max(1, TASK / (s.height() * s.width() + windows[0].work()));
        Parallel.forRange(s.batch() * s.channels(), grain, (from, to) -> {
            planes(from, to, dy, dyo, w, wo, bias, biasOff, dx, dxo);
        });
    }

    /// Planes [from, to) of `dx`, on the calling thread.
    void planes(
            int from,
            int to,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        int stepH = Math.min(s.strideH(), s.height());
        int stepW = Math.min(s.strideW(), s.width());
        int pitch = windows[0].columns + L;
        int grid = windows[0].rows * pitch + 2 * L;
        int size = s.height() * s.width();
        int outStep = s.strideH() * s.width();
        float[] padded = windows[0].empty();
        float[] sums = Scratch.floats(Scratch.PLANE_GRAD, 2 * grid);
        for (int nc = from; nc < to; nc++) {
            int c = nc % s.channels();
            float start = bias == null ? 0f : bias[biasOff + c];
            windows[0].fill(dy, dyo + nc * s.outHeight() * s.outWidth(), padded);
            for (int ph = 0; ph < stepH; ph++) {
                int out = dxo + nc * size + ph * s.width();
                if (stepW == 1) {
                    DepthwiseTaps.filter(windows[ph], padded, w, wo + c * s.taps(), start, dx, out, outStep);
                    continue;
                }
                for (int pw = 0; pw < 2; pw++) {
                    DepthwiseWindow p = windows[2 * ph + pw];
                    DepthwiseTaps.filter(p, padded, w, wo + c * s.taps(), start, sums, pw * grid, pitch);
                }
                for (int i = 0; i < windows[2 * ph].rows; i++) {
                    DepthwiseTaps.join(sums, i * pitch, grid + i * pitch, dx, out + i * outStep, s.width());
                }
            }
        }
    }
}
