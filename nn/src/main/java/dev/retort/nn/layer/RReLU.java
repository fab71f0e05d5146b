package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// x where x ≥ 0, a · x elsewhere; in training a is drawn uniformly from [lower, upper) for each element,
/// in evaluation it is their mean (Xu et al., 2015, arXiv 1505.00853).
public final class RReLU extends Layer {
    private final double lower;
    private final double upper;
    private final Rng rng;

    /// Slopes from 1/8 to 1/3.
    public RReLU(Rng rng) {
        this(1.0 / 8, 1.0 / 3, rng);
    }

    /// Slopes from `lower` to `upper`; draws come from `rng`, whose position is part of a checkpoint.
    ///
    /// @throws OpException unless 0 <= lower <= upper
    public RReLU(double lower, double upper, Rng rng) {
        if (!(0 <= lower && lower <= upper)) {
            throw new OpException("rrelu: expects 0 <= lower <= upper, got " + lower + " and " + upper);
        }
        this.lower = lower;
        this.upper = upper;
        this.rng = generator("rng", rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (!isTraining() || lower == upper) {
            return x.leakyRelu((lower + upper) / 2);
        }
        Tensor slopes =
                Random.uniform(rng, lower, upper, x.dtype(), x.shape().dims()).to(x.device());
        return Tensor.where(x.ge(0.0), x, x.mul(slopes));
    }

    @Override
    protected String extra() {
        return "lower = " + lower + ", upper = " + upper;
    }
}
