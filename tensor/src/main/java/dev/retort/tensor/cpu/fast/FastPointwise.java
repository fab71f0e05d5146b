package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.Activations;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.op.LossOp;

/// Float32 losses of element pairs (x, y) and their two slopes.
final class FastPointwise {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 13;

    private FastPointwise() {}

    static Tensor[] forward(LossOp.Pointwise op, Tensor[] in, TensorType[] out) {
        Dense x = Dense.of(in[0]);
        Dense y = Dense.of(in[1]);
        float[] loss = new float[in[0].numel()];
        Parallel.forRange(
                loss.length,
                TASK,
                (from, to) ->
                        loss(op, x.data(), x.offset() + from, y.data(), y.offset() + from, loss, from, to - from));
        return Dense.one(loss, out[0].shape());
    }

    private static void loss(LossOp.Pointwise op, float[] x, int xo, float[] y, int yo, float[] loss, int lo, int n) {
        switch (op) {
            case LossOp.Mse _ -> {
                BinaryLoops.sub(x, xo, y, yo, loss, lo, n);
                BinaryLoops.mul(loss, lo, loss, lo, loss, lo, n);
            }
            case LossOp.L1 _ -> {
                for (int i = 0; i < n; i++) {
                    loss[lo + i] = Math.abs(x[xo + i] - y[yo + i]);
                }
            }
            case LossOp.SmoothL1 o -> {
                float beta = (float) o.beta();
                for (int i = 0; i < n; i++) {
                    float d = Math.abs(x[xo + i] - y[yo + i]);
                    loss[lo + i] = d < beta ? 0.5f * d * d / beta : d - 0.5f * beta;
                }
            }
            case LossOp.KlDiv o -> klDiv(o.logTarget(), x, xo, y, yo, loss, lo, n);
            case LossOp.BceWithLogits _ -> {
                Activations.logSigmoid(x, xo, loss, lo, n);
                for (int i = 0; i < n; i++) {
                    loss[lo + i] = x[xo + i] * (1f - y[yo + i]) - loss[lo + i];
                }
            }
        }
    }

    private static void klDiv(boolean logTarget, float[] x, int xo, float[] y, int yo, float[] loss, int lo, int n) {
        if (logTarget) {
            UnaryLoops.exp(y, yo, loss, lo, n);
            for (int i = 0; i < n; i++) {
                loss[lo + i] *= y[yo + i] - x[xo + i];
            }
            return;
        }
        UnaryLoops.log(y, yo, loss, lo, n);
        for (int i = 0; i < n; i++) {
            float p = y[yo + i];
            loss[lo + i] = p == 0f ? 0f : p * (loss[lo + i] - x[xo + i]);
        }
    }

    static Tensor[] backward(LossOp.Pointwise op, Tensor[] in, TensorType[] out) {
        Dense g = Dense.of(in[0]);
        Dense x = Dense.of(in[1]);
        Dense y = Dense.of(in[2]);
        float[] dx = Workspace.overwritten(in[1].numel());
        float[] dy = Workspace.overwritten(dx.length);
        Parallel.forRange(dx.length, TASK, (from, to) -> {
            int n = to - from;
            slopes(op, x.data(), x.offset() + from, y.data(), y.offset() + from, dx, dy, from, n);
            BinaryLoops.mul(dx, from, g.data(), g.offset() + from, dx, from, n);
            BinaryLoops.mul(dy, from, g.data(), g.offset() + from, dy, from, n);
        });
        return new Tensor[] {Dense.tensor(dx, out[0].shape()), Dense.tensor(dy, out[1].shape())};
    }

    /// Derivatives in x and y, written to `dx` and `dy` from `o` on.
    private static void slopes(
            LossOp.Pointwise op, float[] x, int xo, float[] y, int yo, float[] dx, float[] dy, int o, int n) {
        switch (op) {
            case LossOp.Mse _ -> {
                BinaryLoops.sub(x, xo, y, yo, dx, o, n);
                BinaryLoops.mul(dx, o, 2f, dx, o, n);
                BinaryLoops.mul(dx, o, -1f, dy, o, n);
            }
            case LossOp.L1 _ -> {
                for (int i = 0; i < n; i++) {
                    dx[o + i] = Math.signum(x[xo + i] - y[yo + i]);
                    dy[o + i] = -dx[o + i];
                }
            }
            case LossOp.SmoothL1 loss -> {
                float beta = (float) loss.beta();
                for (int i = 0; i < n; i++) {
                    float d = x[xo + i] - y[yo + i];
                    dx[o + i] = Math.abs(d) < beta ? d / beta : Math.signum(d);
                    dy[o + i] = -dx[o + i];
                }
            }
            case LossOp.KlDiv loss -> klSlopes(loss.logTarget(), x, xo, y, yo, dx, dy, o, n);
            case LossOp.BceWithLogits _ -> {
                UnaryLoops.sigmoid(x, xo, dx, o, n);
                BinaryLoops.sub(dx, o, y, yo, dx, o, n);
                BinaryLoops.mul(x, xo, -1f, dy, o, n);
            }
        }
    }

    private static void klSlopes(
            boolean logTarget, float[] x, int xo, float[] y, int yo, float[] dx, float[] dy, int o, int n) {
        if (logTarget) {
            UnaryLoops.exp(y, yo, dx, o, n);
            for (int i = 0; i < n; i++) {
                float p = dx[o + i];
                dx[o + i] = -p;
                dy[o + i] = p * (y[yo + i] - x[xo + i] + 1f);
            }
            return;
        }
        UnaryLoops.log(y, yo, dy, o, n);
        for (int i = 0; i < n; i++) {
            float p = y[yo + i];
            dx[o + i] = -p;
            dy[o + i] = p == 0f ? 0f : dy[o + i] + 1f - x[xo + i];
        }
    }
}
