package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// e^(−x) / Σ e^(−x) along a dimension: small elements get large shares.
public final class Softmin extends Layer {
    private final int dim;

    /// Sums to 1 along `dim`.
    public Softmin(int dim) {
        this.dim = dim;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.softmin(dim);
    }

    @Override
    protected String extra() {
        return "dim = " + dim;
    }
}
