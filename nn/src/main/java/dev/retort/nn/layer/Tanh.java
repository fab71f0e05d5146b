package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// tanh(x), element by element.
public final class Tanh extends Layer {
    /// The activation; it has no parameters.
    public Tanh() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.tanh();
    }
}
