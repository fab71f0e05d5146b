package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.cpu.simd.BinaryLoops;
import dev.retort.tensor.cpu.simd.UpdateLoops;
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
        float[][] data = new float[4][];
        int[] at = new int[4];
        for (int i = 0; i < in.length; i++) {
            if (in[i].dtype() != DType.F32 || !in[i].isContiguous()) {
                return null;
            }
            data[i] = Dense.array(in[i]);
            at[i] = in[i].offset();
        }
        if (op instanceof UpdateOp.RmsPropStep
                || op instanceof UpdateOp.AdagradStep
                || op instanceof UpdateOp.LambStep) {
            return null;
        }
        Parallel.forRange(in[0].numel(), TASK, (from, to) -> range(op, data, at, from, to - from));
        return new Tensor[0];
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
            case UpdateOp.CopyInto _, UpdateOp.RmsPropStep _, UpdateOp.AdagradStep _, UpdateOp.LambStep _ ->
                throw new AssertionError(op.name());
        }
    }
}
