package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// In training x/(1 − p) with probability 1 − p, else 0, for each element; in evaluation x (Srivastava
/// et al., 2014).
public final class Dropout extends Layer {
    private final double p;
    private final Rng rng;

    /// Drops with probability `p`; masks come from `rng`, whose position is part of a checkpoint.
    ///
    /// @throws OpException if p is not in [0, 1]
    public Dropout(double p, Rng rng) {
        if (!(p >= 0 && p <= 1)) {
            throw new OpException("dropout: expects p in [0, 1], got " + p);
        }
        this.p = p;
        this.rng = generator("rng", rng);
    }

    /// The probability of being dropped.
    public double p() {
        return p;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return isTraining() ? x.dropout(p, rng) : x;
    }

    @Override
    protected String extra() {
        return "p = " + p;
    }
}
