package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// max(x, 0), element by element.
public final class ReLU extends Layer {
    /// The activation; it has no parameters.
    public ReLU() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.relu();
    }
}
