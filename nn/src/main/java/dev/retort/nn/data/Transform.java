package dev.retort.nn.data;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Changes the input of one sample, at random or not. Runs in the loader's background thread.
///
/// The generator handed in belongs to (seed, epoch, sample), so the result does not depend on the order
/// in which
/// samples are loaded.
@FunctionalInterface
public interface Transform {
    /// No change.
    Transform IDENTITY = (input, rng) -> input;

    /// The changed input; `input` itself stays as it is.
    Tensor apply(Tensor input, Rng rng);

    /// This transform, then `next`.
    default Transform then(Transform next) {
        return (input, rng) -> next.apply(apply(input, rng), rng);
    }
}
