package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// In training whole channels of a sample are 0 with probability p, else x/(1 − p); in evaluation x
/// (Tompson et al., 2014, arXiv 1411.4280).
///
/// **Shape**: `[N, C, ...]` → the same: PyTorch's Dropout1d, 2d and 3d in one.
public final class Dropout2d extends Layer {
    private final double p;
    private final Rng rng;

    /// Drops with probability `p`; draws come from `rng`, whose position is part of a checkpoint.
    ///
    /// @throws OpException if p is not in [0, 1]
    public Dropout2d(double p, Rng rng) {
        if (!(p >= 0 && p <= 1)) {
            throw new OpException("dropout2d: expects p in [0, 1], got " + p);
        }
        this.p = p;
        this.rng = generator("rng", rng);
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (!isTraining() || p == 0) {
            return x;
        }
        if (x.rank() < 2) {
            throw new OpException("dropout2d: expects [N, C, ...], got " + x.type());
        }
        if (p == 1) {
            return x.mul(0.0);
        }
        int[] shape = new int[x.rank()];
        Arrays.fill(shape, 1);
        shape[0] = x.size(0);
        shape[1] = x.size(1);
        Tensor keep = Tensor.full(1 - p, x.dtype(), shape).to(x.device());
        return x.mul(Random.bernoulli(rng, keep).mul(1 / (1 - p)));
    }

    @Override
    protected String extra() {
        return "p = " + p;
    }
}
