package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.cpu.simd.loops.AdaptiveLoops;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.loops.UpdateLoops;
import dev.retort.tensor.op.UpdateOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Float32 updates of contiguous tensors, in one pass over all operands.
final class FastUpdate {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 15;

    private FastUpdate() {}

    static Tensor @Nullable [] run(UpdateOp op, Tensor[] in) {
        if (op instanceof UpdateOp.CopyInto) {
            return copy(in[0], in[1]);
        }
        if (op instanceof UpdateOp.AddScaled add && addRows((float) add.alpha(), in[0], in[1])) {
            return new Tensor[0];
        }
        float[][] data = new float[4][];
        int[] at = new int[4];
        for (int i = 0; i < in.length; i++) {
            if (in[i].dtype() != DType.F32 || !in[i].isContiguous()) {
                return null;
            }
            data[i] = Dense.array(in[i]);
            at[i] = in[i].offset();
        }
        if (op instanceof UpdateOp.LambStep lamb) {
            lamb(lamb, data, at, in[0].numel());
            return new Tensor[0];
        }
        Parallel.forRange(in[0].numel(), TASK, (from, to) -> range(op, data, at, from, to - from));
        return new Tensor[0];
    }

    /// `y += alpha x` where y is a part of something with whole rows; false if the operands are not so.
    private static boolean addRows(float alpha, Tensor y, Tensor x) {
        int last = y.rank() - 1;
        int[] ys = y.strides(); // each call copies
        int[] xs = x.strides();
        if (y.isContiguous()
                || x.dtype() != DType.F32
                || y.dtype() != DType.F32
                || ys[last] != 1
                || xs[last] != 1
                || !x.shape().equals(y.shape())) {
            return false;
        }
        float[] target = Dense.array(y);
        float[] source = Dense.array(x);
        int n = y.size(last);
        Parallel.forRange(y.numel() / n, Math.max(1, TASK / n), (from, to) -> {
            for (int row = from; row < to; row++) {
                int yo = y.offset();
                int xo = x.offset();
                for (int d = last - 1, rest = row; d >= 0; rest /= y.size(d--)) {
                    yo += rest % y.size(d) * ys[d];
                    xo += rest % y.size(d) * xs[d];
                }
                BinaryLoops.addScaled(alpha, source, xo, target, yo, n);
            }
        });
        return true;
    }

    private static Tensor @Nullable [] copy(Tensor target, Tensor source) {
        if (source.dtype() != DType.F32 || !source.shape().equals(target.shape())) {
            return null;
        }
        StridedCopy.copy(source, target);
        return new Tensor[0];
    }

    private static void range(UpdateOp op, float[][] data, int[] at, int from, int n) {
        float[] w = data[0];
        float[] g = data[1];
        int wo = at[0] + from;
        int go = at[1] + from;
        switch (op) {
            case UpdateOp.Fill o -> Arrays.fill(w, wo, wo + n, (float) o.value());
            case UpdateOp.Scale o -> BinaryLoops.mul(w, wo, (float) o.factor(), w, wo, n);
            case UpdateOp.AddScaled o -> BinaryLoops.addScaled((float) o.alpha(), g, go, w, wo, n);
            case UpdateOp.Lerp o -> UpdateLoops.lerp((float) o.weight(), g, go, w, wo, n);
            case UpdateOp.SgdStep o -> {
                if (o.momentum() == 0) {
                    UpdateLoops.sgd((float) o.lr(), (float) o.weightDecay(), g, go, w, wo, n);
                } else {
                    UpdateLoops.sgdMomentum(
                            (float) o.lr(),
                            (float) o.momentum(),
                            (float) (o.first() ? 1 : 1 - o.dampening()),
                            (float) o.weightDecay(),
                            o.nesterov(),
                            o.first(),
                            g,
                            go,
                            w,
                            wo,
                            data[2],
                            at[2] + from,
                            n);
                }
            }
            case UpdateOp.AdamStep o -> {
                double stepSize = o.lr() / (1 - StrictMath.pow(o.beta1(), o.step()));
                double root = Math.sqrt(1 - StrictMath.pow(o.beta2(), o.step()));
                double shrink = o.decoupled() ? 1 - o.lr() * o.weightDecay() : 1;
                double decay = o.decoupled() ? 0 : o.weightDecay();
                UpdateLoops.adam(
                        (float) stepSize,
                        (float) o.beta1(),
                        (float) (1 - o.beta1()),
                        (float) o.beta2(),
                        (float) (1 - o.beta2()),
                        (float) (1 / root),
                        (float) o.eps(),
                        (float) shrink,
                        (float) decay,
                        g,
                        go,
                        w,
                        wo,
                        data[2],
                        at[2] + from,
                        data[3],
                        at[3] + from,
                        n);
            }
            case UpdateOp.LionStep o ->
                UpdateLoops.lion(
                        (float) o.lr(),
                        (float) o.beta1(),
                        (float) (1 - o.beta1()),
                        (float) o.beta2(),
                        (float) (1 - o.beta2()),
                        (float) (1 - o.lr() * o.weightDecay()),
                        g,
                        go,
                        w,
                        wo,
                        data[2],
                        at[2] + from,
                        n);
            case UpdateOp.RmsPropStep o ->
                AdaptiveLoops.rmsProp(
                        (float) o.lr(),
                        (float) o.alpha(),
                        (float) (1 - o.alpha()),
                        (float) o.eps(),
                        (float) o.weightDecay(),
                        (float) o.momentum(),
                        g,
                        go,
                        w,
                        wo,
                        data[2],
                        at[2] + from,
                        o.momentum() == 0 ? data[2] : data[3],
                        o.momentum() == 0 ? at[2] + from : at[3] + from,
                        n);
            case UpdateOp.AdagradStep o ->
                AdaptiveLoops.adagrad(
                        (float) o.lr(),
                        (float) o.eps(),
                        (float) o.weightDecay(),
                        g,
                        go,
                        w,
                        wo,
                        data[2],
                        at[2] + from,
                        n);
            case UpdateOp.CopyInto _, UpdateOp.LambStep _ -> throw new AssertionError(op.name());
        }
    }

    /// Two passes: the direction and both norms, piece by piece, then the step by their ratio.
    private static void lamb(UpdateOp.LambStep op, float[][] data, int[] at, int n) {
        float correction1 = (float) (1 / (1 - StrictMath.pow(op.beta1(), op.step())));
        float root = (float) (1 / Math.sqrt(1 - StrictMath.pow(op.beta2(), op.step())));
        float[] direction = new float[n];
        int pieces = (n + TASK - 1) / TASK;
        double[] normW = new double[pieces];
        double[] normD = new double[pieces];
        Parallel.forRange(pieces, 1, (from, to) -> {
            for (int p = from; p < to; p++) {
                int start = p * TASK;
                int count = Math.min(TASK, n - start);
                AdaptiveLoops.lambDirection(
                        correction1,
                        (float) op.beta1(),
                        (float) (1 - op.beta1()),
                        (float) op.beta2(),
                        (float) (1 - op.beta2()),
                        root,
                        (float) op.eps(),
                        (float) op.weightDecay(),
                        data[1],
                        at[1] + start,
                        data[0],
                        at[0] + start,
                        data[2],
                        at[2] + start,
                        data[3],
                        at[3] + start,
                        direction,
                        start,
                        count);
                normW[p] = RowSums.sumSquares(data[0], at[0] + start, count, 0);
                normD[p] = RowSums.sumSquares(direction, start, count, 0);
            }
        });
        double w = Math.sqrt(Arrays.stream(normW).sum());
        double d = Math.sqrt(Arrays.stream(normD).sum());
        float step = (float) (-op.lr() * (w == 0 || d == 0 ? 1 : w / d));
        Parallel.forRange(
                n, TASK, (from, to) -> BinaryLoops.addScaled(step, direction, from, data[0], at[0] + from, to - from));
    }
}
