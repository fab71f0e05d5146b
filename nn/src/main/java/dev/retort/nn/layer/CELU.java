package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x where x > 0, alpha · (e^(x/alpha) − 1) elsewhere: [ELU] with a smooth derivative for every alpha
/// (Barron, 2017, arXiv 1704.07483).
public final class CELU extends Layer {
    private final double alpha;

    /// Alpha 1.
    public CELU() {
        this(1);
    }

    /// The given limit −alpha on the negative side.
    public CELU(double alpha) {
        this.alpha = alpha;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.celu(alpha);
    }

    @Override
    protected String extra() {
        return "alpha = " + alpha;
    }
}
