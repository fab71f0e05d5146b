package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x moved towards 0 by lambda, 0 where |x| ≤ lambda: the proximal map of the 1-norm.
public final class Softshrink extends Layer {
    private final double lambda;

    /// Lambda ½.
    public Softshrink() {
        this(0.5);
    }

    /// The given step, at least 0.
    public Softshrink(double lambda) {
        this.lambda = lambda;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.softshrink(lambda);
    }

    @Override
    protected String extra() {
        return "lambda = " + lambda;
    }
}
