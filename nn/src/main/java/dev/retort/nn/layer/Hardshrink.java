package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x where |x| > lambda, 0 elsewhere.
public final class Hardshrink extends Layer {
    private final double lambda;

    /// Lambda ½.
    public Hardshrink() {
        this(0.5);
    }

    /// The given half width of the gap.
    public Hardshrink(double lambda) {
        this.lambda = lambda;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.hardshrink(lambda);
    }

    @Override
    protected String extra() {
        return "lambda = " + lambda;
    }
}
