package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// 1/(1 + e⁻ˣ), element by element.
public final class Sigmoid extends Layer {
    /// The activation; it has no parameters.
    public Sigmoid() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.sigmoid();
    }
}
