package dev.retort.tensor.op;

/// Marks the fast gradient kernel of a fused op. Used only where no graph of the backward pass is wanted;
/// with `createGraph` the engine differentiates the fused op's composite instead.
public interface BackwardOp extends NonDifferentiable {}
