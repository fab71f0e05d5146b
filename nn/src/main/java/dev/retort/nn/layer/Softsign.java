package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x / (1 + |x|), element by element (Bergstra et al., 2009).
public final class Softsign extends Layer {
    /// The activation; it has no parameters.
    public Softsign() {}

    @Override
    protected Tensor forward(Tensor x) {
        return x.softsign();
    }
}
