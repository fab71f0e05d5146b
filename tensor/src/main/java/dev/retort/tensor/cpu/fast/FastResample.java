package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.reference.ResampleTaps;
import dev.retort.tensor.op.ResampleOp;

/// Float32 resizing, a plane at a time. Each result is computed in `double` from its four neighbours and
/// rounded once, as in the reference; gradients are added up in `float`, in the order of the results.
final class FastResample {
    /// Results in one parallel task.
    private static final int TASK = 1 << 14;

    private FastResample() {}

    static Tensor[] run(ResampleOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case ResampleOp.Interpolate o -> interpolate(o, in[0], out[0]);
            case ResampleOp.InterpolateBackward o -> backward(o, in[0], out[0]);
        };
    }

    private static Tensor[] interpolate(ResampleOp.Interpolate op, Tensor input, TensorType type) {
        int height = input.size(2);
        int width = input.size(3);
        ResampleTaps rows = ResampleTaps.of(op, height, op.outH());
        ResampleTaps cols = ResampleTaps.of(op, width, op.outW());
        Dense x = Dense.of(input);
        float[] y = new float[type.shape().numel()];
        int lines = y.length / op.outW();
        Parallel.forRange(lines, Math.max(1, TASK / op.outW()), (from, to) -> {
            for (int line = from; line < to; line++) {
                int i = line % op.outH();
                int plane = x.offset() + line / op.outH() * height * width;
                int top = plane + rows.low()[i] * width;
                int bottom = plane + rows.high()[i] * width;
                row(x.data(), top, bottom, rows.share()[i], cols, y, line * op.outW());
            }
        });
        return Dense.one(y, type.shape());
    }

    private static void row(float[] x, int top, int bottom, double share, ResampleTaps cols, float[] y, int yo) {
        int[] low = cols.low();
        int[] high = cols.high();
        double[] shares = cols.share();
        for (int j = 0; j < low.length; j++) {
            double upper = mix(x[top + low[j]], x[top + high[j]], shares[j]);
            double lower = mix(x[bottom + low[j]], x[bottom + high[j]], shares[j]);
            y[yo + j] = (float) mix(upper, lower, share);
        }
    }

    // exactly a where b has no share, even if b is infinite
    private static double mix(double a, double b, double share) {
        return share == 0 ? a : (1 - share) * a + share * b;
    }

    private static Tensor[] backward(ResampleOp.InterpolateBackward op, Tensor gradOut, TensorType type) {
        int outH = gradOut.size(2);
        int outW = gradOut.size(3);
        ResampleTaps rows = ResampleTaps.of(op, op.height(), outH);
        ResampleTaps cols = ResampleTaps.of(op, op.width(), outW);
        Dense g = Dense.of(gradOut);
        int plane = op.height() * op.width();
        float[] dx = new float[type.shape().numel()];
        Parallel.forRange(dx.length / plane, Math.max(1, TASK / (outH * outW)), (from, to) -> {
            for (int p = from; p < to; p++) {
                for (int i = 0; i < outH; i++) {
                    int top = p * plane + rows.low()[i] * op.width();
                    int bottom = p * plane + rows.high()[i] * op.width();
                    spread(g.data(), g.offset() + (p * outH + i) * outW, rows.share()[i], cols, dx, top, bottom);
                }
            }
        });
        return Dense.one(dx, type.shape());
    }

    // the four neighbours of a result receive its gradient times their factor in the interpolation
    private static void spread(float[] g, int go, double share, ResampleTaps cols, float[] dx, int top, int bottom) {
        int[] low = cols.low();
        int[] high = cols.high();
        double[] shares = cols.share();
        for (int j = 0; j < low.length; j++) {
            double upper = (1 - share) * g[go + j];
            double lower = share * g[go + j];
            dx[top + low[j]] += (float) ((1 - shares[j]) * upper);
            dx[top + high[j]] += (float) (shares[j] * upper);
            dx[bottom + low[j]] += (float) ((1 - shares[j]) * lower);
            dx[bottom + high[j]] += (float) (shares[j] * lower);
        }
    }
}
