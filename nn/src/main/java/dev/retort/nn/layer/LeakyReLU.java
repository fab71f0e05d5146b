package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x where x > 0, slope · x elsewhere.
public final class LeakyReLU extends Layer {
    private final double slope;

    /// Slope 0.01.
    public LeakyReLU() {
        this(0.01);
    }

    /// The given slope on the negative side.
    public LeakyReLU(double slope) {
        this.slope = slope;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.leakyRelu(slope);
    }

    @Override
    protected String extra() {
        return "slope = " + slope;
    }
}
