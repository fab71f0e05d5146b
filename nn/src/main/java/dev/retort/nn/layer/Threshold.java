package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x where x > threshold, `value` elsewhere.
public final class Threshold extends Layer {
    private final double threshold;
    private final double value;

    /// What passes, and what takes the place of the rest.
    public Threshold(double threshold, double value) {
        this.threshold = threshold;
        this.value = value;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.threshold(threshold, value);
    }

    @Override
    protected String extra() {
        return "threshold = " + threshold + ", value = " + value;
    }
}
