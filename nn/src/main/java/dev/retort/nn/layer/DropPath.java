package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Stochastic depth: in training a whole sample is 0 with probability p, else x/(1 − p); in evaluation x
/// (Huang et al., 2016, arXiv 1603.09382). Put at the end of a residual branch.
///
/// **Shape**: `[N, ...]` → the same.
public final class DropPath extends Layer {
    private final double p;
    private final Rng rng;

    /// Drops a sample's branch with probability `p`; draws come from `rng`, whose position is part of a
    /// checkpoint.
    ///
    /// @throws OpException if p is not in [0, 1)
    public DropPath(double p, Rng rng) {
        if (!(p >= 0 && p < 1)) {
            throw new OpException("drop_path: expects p in [0, 1), got " + p);
        }
        this.p = p;
        this.rng = generator("rng", rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (!isTraining() || p == 0) {
            return x;
        }
        int[] shape = new int[x.rank()];
        Arrays.fill(shape, 1);
        shape[0] = x.size(0);
        Tensor keep = Tensor.full(1 - p, x.dtype(), shape).to(x.device());
        return x.mul(Random.bernoulli(rng, keep).mul(1 / (1 - p)));
    }

    @Override
    protected String extra() {
        return "p = " + p;
    }
}
