package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// min(max(x, min), max), element by element; no gradient at the bounds.
public final class Hardtanh extends Layer {
    private final double min;
    private final double max;

    /// Between −1 and 1.
    public Hardtanh() {
        this(-1, 1);
    }

    /// Between the given bounds.
    public Hardtanh(double min, double max) {
        this.min = min;
        this.max = max;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.hardtanh(min, max);
    }

    @Override
    protected String extra() {
        return "min = " + min + ", max = " + max;
    }
}
