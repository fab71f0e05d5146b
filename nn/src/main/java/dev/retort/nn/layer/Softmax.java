package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// e^x / Σ e^x along a dimension. Losses of this library take logits: this layer is for what comes after them.
public final class Softmax extends Layer {
    private final int dim;

    /// Sums to 1 along `dim`.
    public Softmax(int dim) {
        this.dim = dim;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.softmax(dim);
    }

    @Override
    protected String extra() {
        return "dim = " + dim;
    }
}
