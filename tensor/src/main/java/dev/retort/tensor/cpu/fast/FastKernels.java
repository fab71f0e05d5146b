package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
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
import org.jspecify.annotations.Nullable;

/// The float32 kernels that are faster than the reference; null says "not here", and the reference
/// runs.
public final class FastKernels {
    private FastKernels() {}

    /// What this path uses, for people.
    public static String description() {
        return Vectors.description();
    }

    /// Whether the kernels on vectors may be used.
    public static boolean available() {
        return Vectors.AVAILABLE;
    }

    /// The results of `op`, or null if no fast kernel covers these inputs.
    public static Tensor @Nullable [] execute(Op op, Tensor[] inputs, TensorType[] outputs) {
        boolean covered = inputs.length > 0
                ? inputs[0].dtype() == DType.F32
                : op instanceof RandomOp.Normal && outputs[0].dtype() == DType.F32;
        for (Tensor input : inputs) {
            covered &= input.numel() > 0;
        }
        for (TensorType output : outputs) {
            covered &= output.shape().numel() > 0;
        }
        if (!covered || !Vectors.AVAILABLE) {
            return null;
        }
        return switch (op) {
            case ElementwiseOp o -> FastElementwise.run(o, inputs, outputs);
            case MatMulOp o -> FastMatMul.run(o, inputs, outputs);
            case ConvOp o -> FastConv.run(o, inputs, outputs);
            case ReductionOp o -> FastReduction.run(o, inputs, outputs);
            case UpdateOp o -> FastUpdate.run(o, inputs);
            case SoftmaxOp o -> FastSoftmax.run(o, inputs, outputs);
            case NormOp o -> FastNorm.run(o, inputs, outputs);
            case LossOp o -> FastLoss.run(o, inputs, outputs);
            case PoolOp o -> FastPool.run(o, inputs, outputs);
            case AttentionOp o -> FastAttention.run(o, inputs, outputs);
            case RandomOp o -> FastRandom.run(o, inputs);
            case IndexOp o -> FastIndex.run(o, inputs, outputs);
            case QuantOp o -> FastQuant.run(o, inputs, outputs);
            case SortOp o -> FastSort.run(o, inputs, outputs);
            case ShapeOp o -> FastShape.run(o, inputs, outputs);
            case ResampleOp o -> FastResample.run(o, inputs, outputs);
            case LinalgOp _, CastOp _, CustomOp _ -> null;
        };
    }
}
