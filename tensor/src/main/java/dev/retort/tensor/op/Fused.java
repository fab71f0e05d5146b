package dev.retort.tensor.op;

import dev.retort.tensor.Tensor;

/// An op that does in one kernel what basic ops can do in several.
///
/// The composite is the definition that a reader trusts, the fallback of a backend without the kernel,
/// the oracle of a generated test, and what higher-order gradients differentiate.
public interface Fused {
    /// The same results from basic ops.
    Tensor[] composite(Tensor[] inputs);
}
