package dev.retort.tensor.op;

import dev.retort.tensor.TensorType;

/// What is computed, as a value: a record holds the attributes, the inputs come separately.
///
/// Backends, gradient rules and cost models are exhaustive switches over these families without a default
/// branch, so an op that one of them does not know is a compile error.
public sealed interface Op
        permits ElementwiseOp,
                ReductionOp,
                SoftmaxOp,
                SortOp,
                ShapeOp,
                IndexOp,
                MatMulOp,
                LinalgOp,
                ConvOp,
                PoolOp,
                ResampleOp,
                NormOp,
                AttentionOp,
                LossOp,
                RandomOp,
                CastOp,
                QuantOp,
                UpdateOp,
                CustomOp {
    /// Types of the results on inputs of the given types.
    ///
    /// @throws dev.retort.tensor.OpException if the inputs do not fit, naming this op, what came and what
    ///                                       was expected
    TensorType[] infer(TensorType[] inputs);

    /// Name in messages and profiles: the record's name in snake case, such as `layer_norm`.
    default String name() {
        return OpNames.of(getClass());
    }
}
