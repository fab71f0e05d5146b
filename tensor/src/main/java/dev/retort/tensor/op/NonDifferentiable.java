package dev.retort.tensor.op;

/// Marks ops through which no gradient flows: comparisons, indices, random draws, updates, and the fused
/// gradient kernels ([BackwardOp]). They are never recorded, so their results are constants to the
/// engine.
public interface NonDifferentiable {}
