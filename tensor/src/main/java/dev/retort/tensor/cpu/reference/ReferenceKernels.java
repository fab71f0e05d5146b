package dev.retort.tensor.cpu.reference;

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

/// Sends each op family to its reference kernels.
public final class ReferenceKernels {
    private ReferenceKernels() {}

    /// The results of `op`, row-major and of the given types.
    public static Tensor[] execute(Op op, Tensor[] inputs, TensorType[] outputs) {
        return switch (op) {
            case ElementwiseOp o -> ElementwiseReference.run(o, inputs, outputs);
            case ReductionOp o -> ReductionReference.run(o, inputs, outputs);
            case SoftmaxOp o -> SoftmaxReference.run(o, inputs, outputs);
            case SortOp o -> SortReference.run(o, inputs, outputs);
            case ShapeOp o -> ShapeReference.run(o, inputs, outputs);
            case IndexOp o -> IndexReference.run(o, inputs, outputs);
            case MatMulOp o -> MatMulReference.run(o, inputs, outputs);
            case LinalgOp o -> LinalgReference.run(o, inputs, outputs);
            case ConvOp o -> ConvReference.run(o, inputs, outputs);
            case PoolOp o -> PoolReference.run(o, inputs, outputs);
            case ResampleOp o -> ResampleReference.run(o, inputs, outputs);
            case NormOp o -> NormReference.run(o, inputs, outputs);
            case AttentionOp o -> AttentionReference.run(o, inputs, outputs);
            case LossOp o -> LossReference.run(o, inputs, outputs);
            case RandomOp o -> RandomReference.run(o, inputs, outputs);
            case CastOp o -> CastReference.run(o, inputs, outputs);
            case QuantOp o -> QuantReference.run(o, inputs, outputs);
            case UpdateOp o -> UpdateReference.run(o, inputs, outputs);
            case CustomOp o -> o.forward(inputs);
        };
    }
}
