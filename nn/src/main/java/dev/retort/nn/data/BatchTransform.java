package dev.retort.nn.data;

import dev.retort.tensor.Rng;

/// Changes a whole batch, such as mixing its samples; the generator belongs to (seed, epoch, batch).
@FunctionalInterface
public interface BatchTransform {
    /// No change.
    BatchTransform IDENTITY = (batch, rng) -> batch;

    /// The changed batch; `batch` itself stays as it is.
    Batch apply(Batch batch, Rng rng);
}
