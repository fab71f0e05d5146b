package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// ln(1 + eˣ), element by element.
public final class Softplus extends Layer {
    /// The activation; it has no parameters.
    public Softplus() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.softplus();
    }
}
