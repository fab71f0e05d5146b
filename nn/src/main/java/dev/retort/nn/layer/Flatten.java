package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// All dimensions but the first merged into one.
///
/// **Shape**: `[N, ...]` → `[N, product of the rest]`.
public final class Flatten extends Layer {
    /// The layer; it has no parameters.
    public Flatten() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.flatten(1);
    }
}
