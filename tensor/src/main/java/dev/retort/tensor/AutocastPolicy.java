package dev.retort.tensor;

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

/// What [Autocast] makes of the `F32`, `F16` and `BF16` inputs of an op.
enum AutocastPolicy {
    /// The half type: products, in which long sums are kept in `F32` and all the time is spent.
    HALF,
    /// `F32`: sums over many elements, exponentials and what divides by small numbers.
    SINGLE,
    /// The widest type among the inputs, because the op wants one.
    WIDEST,
    /// As they come.
    UNCHANGED;

    /// The policy of an op.
    static AutocastPolicy of(Op op) {
        return switch (op) {
            case MatMulOp _, ConvOp _, AttentionOp _ -> HALF;
            case NormOp _, LossOp _, SoftmaxOp _, LinalgOp _, QuantOp _, CustomOp _ -> SINGLE;
            case ReductionOp o -> of(o);
            case ElementwiseOp o -> of(o);
            case IndexOp.Scatter _, IndexOp.ScatterAdd _, IndexOp.IndexAdd _, ShapeOp.Cat _ -> WIDEST;
            case IndexOp.ScatterReduce _ -> WIDEST;
            case IndexOp _, ShapeOp _, PoolOp _, ResampleOp _, RandomOp _, SortOp _, CastOp _, UpdateOp _ -> UNCHANGED;
        };
    }

    private static AutocastPolicy of(ReductionOp op) {
        return switch (op) {
            case ReductionOp.Sum _, ReductionOp.Mean _, ReductionOp.Prod _, ReductionOp.Var _ -> SINGLE;
            case ReductionOp.LogSumExp _, ReductionOp.Norm _, ReductionOp.Std _ -> SINGLE;
            case ReductionOp.CumSum _, ReductionOp.CumProd _ -> SINGLE;
            case ReductionOp.AMax _, ReductionOp.AMin _, ReductionOp.MaxWithIndices _, ReductionOp.ArgMax _ ->
                UNCHANGED;
            case ReductionOp.Any _, ReductionOp.All _ -> UNCHANGED;
        };
    }

    private static AutocastPolicy of(ElementwiseOp op) {
        return switch (op) {
            case ElementwiseOp.Exp _, ElementwiseOp.Expm1 _, ElementwiseOp.Log _, ElementwiseOp.Log1p _ -> SINGLE;
            case ElementwiseOp.PowScalar _, ElementwiseOp.Rsqrt _, ElementwiseOp.Reciprocal _ -> SINGLE;
            case ElementwiseOp.Tan _, ElementwiseOp.Asin _, ElementwiseOp.Acos _ -> SINGLE;
            case ElementwiseOp.Log2 _, ElementwiseOp.Log10 _, ElementwiseOp.Sinh _, ElementwiseOp.Cosh _ -> SINGLE;
            case ElementwiseOp.Exp2 _, ElementwiseOp.Erfinv _, ElementwiseOp.Logit _ -> SINGLE;
            case ElementwiseOp.Lgamma _, ElementwiseOp.Polygamma _ -> SINGLE;
            case ElementwiseOp.Softplus _, ElementwiseOp.LogSigmoid _, ElementwiseOp.Pow _ -> SINGLE;
            case ElementwiseOp.Unary _ -> UNCHANGED;
            case ElementwiseOp.Binary _, ElementwiseOp.Comparison _, ElementwiseOp.Where _ -> WIDEST;
            case ElementwiseOp.UnaryBackward _, ElementwiseOp.WeightedSum _ -> WIDEST;
            case ElementwiseOp.WeightedSumBackward _ -> WIDEST;
            case ElementwiseOp.MaskedFill _, ElementwiseOp.Logical _, ElementwiseOp.LogicalNot _ -> UNCHANGED;
            case ElementwiseOp.IsNan _, ElementwiseOp.IsFinite _ -> UNCHANGED;
        };
    }

    /// The inputs of an op in the types that it gets; all as they are if one is `F64`.
    Tensor[] cast(DType half, Tensor[] inputs) {
        DType target = target(half, inputs);
        if (target == null) {
            return inputs;
        }
        Tensor[] cast = new Tensor[inputs.length];
        for (int i = 0; i < cast.length; i++) {
            cast[i] = isNarrow(inputs[i].dtype()) ? inputs[i].to(target) : inputs[i];
        }
        return cast;
    }

    private @Nullable DType target(DType half, Tensor[] inputs) {
        if (this == UNCHANGED) {
            return null;
        }
        DType widest = null;
        for (Tensor input : inputs) {
            DType own = input.dtype();
            if (own == DType.F64) {
                return null;
            }
            if (isNarrow(own)) {
                widest = widest == null || widest == own ? own : DType.F32; // F16 and BF16 fit into F32 only
            }
        }
        return this == HALF ? half : this == SINGLE ? DType.F32 : widest;
    }

    private static boolean isNarrow(DType dtype) {
        return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
    }
}
