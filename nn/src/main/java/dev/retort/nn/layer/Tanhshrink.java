package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x − tanh x, element by element.
public final class Tanhshrink extends Layer {
    /// The activation; it has no parameters.
    public Tanhshrink() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.tanhshrink();
    }
}
