package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.SoftmaxOp;
import dev.retort.tensor.op.SortOp;
import dev.retort.tensor.op.UpdateOp;

/// Runs any op on a device: one exhaustive switch over the families, one in each launcher over its ops.
public final class OpLauncher {
    private OpLauncher() {}

    /// The results of `op`, enqueued and not waited for.
    public static Tensor[] run(ClDevice device, Op op, Tensor[] inputs, TensorType[] outputs) {
        Tensor[] constants = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            constants[i] = inputs[i].borrow(); // what runs inside is not recorded
        }
        Task task = new Task(device, op, constants, outputs);
        return task.done(
                switch (op) {
                    case ElementwiseOp o -> ElementwiseLauncher.run(task, o);
                    case ReductionOp o -> ReductionLauncher.run(task, o);
                    case SoftmaxOp o -> SoftmaxLauncher.run(task, o);
                    case SortOp o -> SortLauncher.run(task, o);
                    case ShapeOp o -> ShapeLauncher.run(task, o);
                    case IndexOp o -> IndexLauncher.run(task, o);
                    case MatMulOp o -> MatMulLauncher.run(task, o);
                    case LinalgOp o -> LinalgLauncher.run(task, o);
                    case ConvOp o -> ConvLauncher.run(task, o);
                    case PoolOp o -> PoolLauncher.run(task, o);
                    case ResampleOp o -> ResampleLauncher.run(task, o);
                    case NormOp o -> NormLauncher.run(task, o);
                    case AttentionOp o -> AttentionLauncher.run(task, o);
                    case LossOp o -> LossLauncher.run(task, o);
                    case RandomOp o -> RandomLauncher.run(task, o);
                    case CastOp o -> CastLauncher.run(task, o);
                    case QuantOp o -> QuantLauncher.run(task, o);
                    case UpdateOp o -> UpdateLauncher.run(task, o);
                    case CustomOp o ->
                        throw new IllegalStateException(o.name() + ": the engine runs custom ops itself");
                });
    }
}
