package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// 1.0507 · (x where x > 0, 1.6733 · (eˣ − 1) elsewhere): activations keep mean 0 and variance 1
/// (Klambauer et al., 2017, arXiv 1706.02515). Initialise weights with variance 1/fan in.
public final class SELU extends Layer {
    /// The activation; it has no parameters.
    public SELU() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.selu();
    }
}
