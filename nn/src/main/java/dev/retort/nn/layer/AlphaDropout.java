package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Dropout for [SELU]: in training an element is set to the activation's limit −1.7581 with probability
/// p, then all are scaled and shifted such that mean 0 and variance 1 stay; in evaluation x (Klambauer
/// et al., 2017, arXiv 1706.02515).
public final class AlphaDropout extends Layer {
    private static final double LIMIT = -1.7580993408473766; // −scale · alpha of SELU

    private final double p;
    private final boolean wholeChannels;
    private final Rng rng;

    /// Drops elements with probability `p`; draws come from `rng`, whose position is part of a checkpoint.
    ///
    /// @throws OpException if p is not in [0, 1]
    public AlphaDropout(double p, Rng rng) {
        this(p, false, rng);
    }

    /// Drops elements, or with `wholeChannels` channels of `[N, C, ...]` (PyTorch's FeatureAlphaDropout).
    ///
    /// @throws OpException if p is not in [0, 1]
    public AlphaDropout(double p, boolean wholeChannels, Rng rng) {
        if (!(p >= 0 && p <= 1)) {
            throw new OpException("alpha_dropout: expects p in [0, 1], got " + p);
        }
        this.p = p;
        this.wholeChannels = wholeChannels;
        this.rng = generator("rng", rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (!isTraining() || p == 0) {
            return x;
        }
        if (p == 1) {
            return x.mul(0.0);
        }
        int[] shape = x.shape().dims();
        if (wholeChannels) {
            if (x.rank() < 2) {
                throw new OpException("alpha_dropout: expects [N, C, ...], got " + x.type());
            }
            Arrays.fill(shape, 2, shape.length, 1);
        }
        Tensor keep = Random.bernoulli(rng, Tensor.full(1 - p, x.dtype(), shape).to(x.device()));
        double scale = 1 / Math.sqrt((LIMIT * LIMIT * p + 1) * (1 - p)); // variance 1 again
        // a·(x·keep + limit·(1 − keep)) − a·limit·p
        Tensor rest = keep.neg().add(1.0).sub(p).mul(scale * LIMIT);
        return x.mul(keep.mul(scale)).add(rest);
    }

    @Override
    protected String extra() {
        return "p = " + p + (wholeChannels ? ", whole channels" : "");
    }
}
