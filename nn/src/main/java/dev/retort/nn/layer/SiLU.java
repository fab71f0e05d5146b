package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x · σ(x), element by element, also known as swish (Elfwing et al., 2017, arXiv 1702.03118).
public final class SiLU extends Layer {
    /// The activation; it has no parameters.
    public SiLU() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.silu();
    }
}
