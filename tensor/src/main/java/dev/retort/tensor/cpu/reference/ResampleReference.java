package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ResampleOp;

/// Reference kernels of [ResampleOp]: rows and columns are independent, so each has a table of source
/// positions.
final class ResampleReference {
    private ResampleReference() {}

    static Tensor[] run(ResampleOp op, Tensor[] in, TensorType[] out) {
        Tensor result = switch (op) {
            case ResampleOp.Interpolate o -> interpolate(o, in[0], out[0]);
            case ResampleOp.InterpolateBackward o -> backward(o, in[0], out[0]);
        };
        return new Tensor[] {result};
    }

    private static Tensor interpolate(ResampleOp.Interpolate op, Tensor input, TensorType type) {
        ResampleTaps rows = ResampleTaps.of(op, input.size(2), op.outH());
        ResampleTaps cols = ResampleTaps.of(op, input.size(3), op.outW());
        double[] x = Elements.doubles(input);
        double[] y = new double[type.shape().numel()];
        int width = input.size(3);
        int plane = input.size(2) * width;
        int at = 0;
        for (int base = 0; base < x.length; base += plane) {
            for (int i = 0; i < op.outH(); i++) {
                int top = base + rows.low()[i] * width;
                int bottom = base + rows.high()[i] * width;
                for (int j = 0; j < op.outW(); j++) {
                    // y[i,j] = (1 − b)·((1 − a)·x[top, left] + a·x[top, right]) + b·(… bottom …)
                    double upper = mix(x[top + cols.low()[j]], x[top + cols.high()[j]], cols.share()[j]);
                    double lower = mix(x[bottom + cols.low()[j]], x[bottom + cols.high()[j]], cols.share()[j]);
                    y[at++] = mix(upper, lower, rows.share()[i]);
                }
            }
        }
        return Elements.tensor(y, type);
    }

    // (1 − share)·a + share·b; exactly a where b has no share, even if b is infinite
    private static double mix(double a, double b, double share) {
        return share == 0 ? a : (1 - share) * a + share * b;
    }

    // the four neighbours of y[i,j] receive g[i,j] times their factor in the interpolation
    private static Tensor backward(ResampleOp.InterpolateBackward op, Tensor gradOut, TensorType type) {
        int outH = gradOut.size(2);
        int outW = gradOut.size(3);
        ResampleTaps rows = ResampleTaps.of(op, op.height(), outH);
        ResampleTaps cols = ResampleTaps.of(op, op.width(), outW);
        double[] g = Elements.doubles(gradOut);
        double[] dx = new double[type.shape().numel()];
        int width = op.width();
        int plane = op.height() * width;
        int at = 0;
        for (int base = 0; base < dx.length; base += plane) {
            for (int i = 0; i < outH; i++) {
                int top = base + rows.low()[i] * width;
                int bottom = base + rows.high()[i] * width;
                for (int j = 0; j < outW; j++, at++) {
                    double upper = (1 - rows.share()[i]) * g[at];
                    double lower = rows.share()[i] * g[at];
                    dx[top + cols.low()[j]] += (1 - cols.share()[j]) * upper;
                    dx[top + cols.high()[j]] += cols.share()[j] * upper;
                    dx[bottom + cols.low()[j]] += (1 - cols.share()[j]) * lower;
                    dx[bottom + cols.high()[j]] += cols.share()[j] * lower;
                }
            }
        }
        return Elements.tensor(dx, type);
    }
}
