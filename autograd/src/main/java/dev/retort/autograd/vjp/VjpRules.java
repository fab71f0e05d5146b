package dev.retort.autograd.vjp;

import dev.retort.tensor.Tensor;
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

/// Sends each op family to its gradient rules.
///
/// Every switch is exhaustive and without a default branch: an op without a rule does not compile. In the
/// rules `g` is the gradient of the (first) output, `dx` the gradient of input x.
public final class VjpRules {
    private VjpRules() {}

    /// The gradient rule of `op`.
    public static Rule of(Op op) {
        return switch (op) {
            case ElementwiseOp o -> ElementwiseVjp.of(o);
            case ReductionOp o -> ReductionVjp.of(o);
            case SoftmaxOp o -> SoftmaxVjp.of(o);
            case SortOp o -> SortVjp.of(o);
            case ShapeOp o -> ShapeVjp.of(o);
            case IndexOp o -> IndexVjp.of(o);
            case MatMulOp o -> MatMulVjp.of(o);
            case LinalgOp o -> LinalgVjp.of(o);
            case ConvOp o -> ConvVjp.of(o);
            case PoolOp o -> PoolVjp.of(o);
            case ResampleOp o -> ResampleVjp.of(o);
            case NormOp o -> NormVjp.of(o);
            case AttentionOp o -> AttentionVjp.of(o);
            case LossOp o -> LossVjp.of(o);
            case RandomOp o -> RandomVjp.of(o);
            case CastOp o -> CastVjp.of(o);
            case QuantOp o -> QuantVjp.of(o);
            case UpdateOp _ -> Rule.NONE;
            case CustomOp o -> Rule.joint(Saved.EVERYTHING, c -> custom(o, c));
        };
    }

    private static @Nullable Tensor[] custom(CustomOp op, VjpContext c) {
        Tensor[] inputs = new Tensor[c.inputs()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = c.input(i);
        }
        Tensor[] outputs = new Tensor[c.outputs()];
        Tensor[] gradients = new Tensor[c.outputs()];
        for (int j = 0; j < outputs.length; j++) {
            outputs[j] = c.output(j);
            gradients[j] = c.g(j);
        }
        return op.vjp(inputs, outputs, gradients);
    }
}
