package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// min(max(x, 0), 6), element by element (Howard et al., "MobileNets", 2017, arXiv 1704.04861).
public final class ReLU6 extends Layer {
    private static final double LIMIT = 6;

    /// The activation; it has no parameters.
    public ReLU6() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.clamp(0, LIMIT);
    }
}
