package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x where x > 0, alpha · (eˣ − 1) elsewhere (Clevert et al., 2015, arXiv 1511.07289).
public final class ELU extends Layer {
    private final double alpha;

    /// Alpha 1.
    public ELU() {
        this(1);
    }

    /// The given limit −alpha on the negative side.
    public ELU(double alpha) {
        this.alpha = alpha;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.elu(alpha);
    }

    @Override
    protected String extra() {
        return "alpha = " + alpha;
    }
}
