package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// ln(1 + e^(beta · x))/beta, element by element.
public final class Softplus extends Layer {
    private static final double THRESHOLD = 20;

    private final double beta;
    private final double threshold;

    /// Beta 1.
    public Softplus() {
        this(1, THRESHOLD);
    }

    /// The given sharpness; the identity where beta · x > threshold, which with the usual 20 is within
    /// rounding of `F32`.
    ///
    /// @throws OpException if beta is not positive
    public Softplus(double beta, double threshold) {
        if (!(beta > 0)) {
            throw new OpException("softplus: expects beta > 0, got " + beta);
        }
        this.beta = beta;
        this.threshold = threshold;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return beta == 1 && threshold == THRESHOLD ? x.softplus() : x.softplus(beta, threshold);
    }

    @Override
    protected String extra() {
        return beta == 1 && threshold == THRESHOLD ? "" : "beta = " + beta + ", threshold = " + threshold;
    }
}
