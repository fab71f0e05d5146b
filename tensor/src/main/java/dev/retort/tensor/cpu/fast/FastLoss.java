package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.loops.SoftmaxRows;
import dev.retort.tensor.op.LossOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Float32 cross-entropies by rows; losses of element pairs are in [FastPointwise].
final class FastLoss {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 13;

    /// Logits of a batch that are computed one by one.
    private static final int FEW = 1 << 15;

    /// Without smoothing only one class has a target: no row of them is needed.
    private static final float[] NO_TARGET = {};

    private FastLoss() {}

    static Tensor[] run(LossOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case LossOp.CrossEntropy o -> crossEntropy(o, in, out);
            case LossOp.CrossEntropyBackward o -> crossEntropyBackward(o, in, out);
            case LossOp.SoftCrossEntropy _ -> softCrossEntropy(in, out);
            case LossOp.SoftCrossEntropyBackward _ -> softCrossEntropyBackward(in, out);
            case LossOp.Pointwise o -> FastPointwise.forward(o, in, out);
            case LossOp.PointwiseBackward o -> FastPointwise.backward(o.of(), in, out);
        };
    }

    /// The weight that class c of a row with class y has in the loss: (1 − ε)·w[y]·[c = y] +
    /// ε/C·w[c].
    private static void target(int y, double smoothing, @Nullable Dense weight, float[] t, int count) {
        double spread = smoothing / count;
        if (weight == null) {
            Arrays.fill(t, 0, count, (float) spread);
        } else {
            BinaryLoops.mul(weight.data(), weight.offset(), (float) spread, t, 0, count);
        }
        float own = weight == null ? 1f : weight.data()[weight.offset() + y];
        t[y] += (float) ((1 - smoothing) * own);
    }

    private static int checked(LossOp op, long y, long ignoreIndex, int row, int count) {
        if (y < 0 || y >= count) {
            throw new OpException(op.name() + ": expects classes in [0, " + count + ") or ignoreIndex = " + ignoreIndex
                    + ", got " + y + " in row " + row);
        }
        return (int) y;
    }

    private static long classOf(Tensor classes, int row) {
        HostStorage host = (HostStorage) classes.storage();
        int at = classes.offset() + row * classes.strides()[0];
        return host.dtype() == DType.I64 ? host.longs()[at] : host.getLong(at);
    }

    private static Tensor[] crossEntropy(LossOp.CrossEntropy op, Tensor[] in, TensorType[] out) {
        int rows = in[0].size(0);
        int count = in[0].size(1);
        Dense z = Dense.of(in[0]);
        Dense weight = in.length == 3 ? Dense.of(in[2]) : null;
        float[] loss = new float[rows];
        float[] lse = new float[rows];
        Parallel.forRange(rows, Math.max(1, TASK / count), (from, to) -> {
            float[] t = op.labelSmoothing() > 0 ? new float[count] : NO_TARGET;
            for (int r = from; r < to; r++) {
                int at = z.offset() + r * count;
                lse[r] = rows * count < FEW
                        ? SoftmaxRows.logSumExpOfFew(z.data(), at, count)
                        : SoftmaxRows.logSumExp(z.data(), at, count);
                long y = classOf(in[1], r);
                if (y == op.ignoreIndex()) {
                    continue;
                }
                int k = checked(op, y, op.ignoreIndex(), r, count);
                if (op.labelSmoothing() > 0) {
                    target(k, op.labelSmoothing(), weight, t, count);
                    loss[r] = SoftmaxRows.crossEntropy(z.data(), at, lse[r], t, 0, count);
                } else {
                    float own = weight == null ? 1f : weight.data()[weight.offset() + k];
                    loss[r] = own * (lse[r] - z.data()[at + k]);
                }
            }
        });
        return new Tensor[] {Dense.tensor(loss, out[0].shape()), Dense.tensor(lse, out[1].shape())};
    }

    private static Tensor[] crossEntropyBackward(LossOp.CrossEntropyBackward op, Tensor[] in, TensorType[] out) {
        int rows = in[1].size(0);
        int count = in[1].size(1);
        Dense g = Dense.of(in[0]);
        Dense z = Dense.of(in[1]);
        Dense lse = Dense.of(in[3]);
        Dense weight = in.length == 5 ? Dense.of(in[4]) : null;
        float[] dz = Workspace.overwritten(rows * count);
        Parallel.forRange(rows, Math.max(1, TASK / count), (from, to) -> {
            float[] t = op.labelSmoothing() > 0 ? new float[count] : NO_TARGET;
            for (int r = from; r < to; r++) {
                int at = r * count;
                long y = classOf(in[2], r);
                if (y == op.ignoreIndex()) {
                    Arrays.fill(dz, at, at + count, 0f);
                    continue;
                }
                int k = checked(op, y, op.ignoreIndex(), r, count);
                float l = lse.data()[lse.offset() + r];
                float scale = g.data()[g.offset() + r];
                if (op.labelSmoothing() > 0) {
                    target(k, op.labelSmoothing(), weight, t, count);
                    float mass = RowSums.sum(t, 0, count);
                    SoftmaxRows.crossEntropyGrad(z.data(), z.offset() + at, l, mass, t, 0, scale, dz, at, count);
                } else {
                    float own = weight == null ? 1f : weight.data()[weight.offset() + k];
                    if (rows * count < FEW) {
                        SoftmaxRows.crossEntropyGradOfFew(z.data(), z.offset() + at, l, k, scale * own, dz, at, count);
                    } else {
                        SoftmaxRows.crossEntropyGrad(z.data(), z.offset() + at, l, k, scale * own, dz, at, count);
                    }
                }
            }
        });
        return Dense.one(dz, out[0].shape());
    }

    private static Tensor[] softCrossEntropy(Tensor[] in, TensorType[] out) {
        int rows = in[0].size(0);
        int count = in[0].size(1);
        Dense z = Dense.of(in[0]);
        Dense t = Dense.of(in[1]);
        float[] loss = new float[rows];
        float[] lse = new float[rows];
        Parallel.forRange(rows, Math.max(1, TASK / count), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = z.offset() + r * count;
                lse[r] = SoftmaxRows.logSumExp(z.data(), at, count);
                loss[r] = SoftmaxRows.crossEntropy(z.data(), at, lse[r], t.data(), t.offset() + r * count, count);
            }
        });
        return new Tensor[] {Dense.tensor(loss, out[0].shape()), Dense.tensor(lse, out[1].shape())};
    }

    private static Tensor[] softCrossEntropyBackward(Tensor[] in, TensorType[] out) {
        int rows = in[1].size(0);
        int count = in[1].size(1);
        Dense g = Dense.of(in[0]);
        Dense z = Dense.of(in[1]);
        Dense t = Dense.of(in[2]);
        Dense lse = Dense.of(in[3]);
        float[] dz = Workspace.overwritten(rows * count);
        float[] dt = new float[rows * count];
        Parallel.forRange(rows, Math.max(1, TASK / count), (from, to) -> {
            for (int r = from; r < to; r++) {
                int at = r * count;
                float scale = g.data()[g.offset() + r];
                float l = lse.data()[lse.offset() + r];
                float mass = RowSums.sum(t.data(), t.offset() + at, count);
                SoftmaxRows.crossEntropyGrad(
                        z.data(), z.offset() + at, l, mass, t.data(), t.offset() + at, scale, dz, at, count);
                BinaryLoops.sub(l, z.data(), z.offset() + at, dt, at, count);
                BinaryLoops.mul(dt, at, scale, dt, at, count);
            }
        });
        return new Tensor[] {Dense.tensor(dz, out[0].shape()), Dense.tensor(dt, out[1].shape())};
    }
}
