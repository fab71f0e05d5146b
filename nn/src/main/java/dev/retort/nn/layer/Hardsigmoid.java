package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// min(max(x + 3, 0), 6)/6, element by element (Howard et al., 2019, arXiv 1905.02244).
public final class Hardsigmoid extends Layer {
    /// The activation; it has no parameters.
    public Hardsigmoid() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.hardsigmoid();
    }
}
