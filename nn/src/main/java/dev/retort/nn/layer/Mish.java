package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x · tanh(ln(1 + eˣ)), element by element (Misra, 2019, arXiv 1908.08681).
public final class Mish extends Layer {
    /// The activation; it has no parameters.
    public Mish() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.mish();
    }
}
