package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// x / (k + alpha · mean of x² over neighbouring channels)^beta (Krizhevsky et al., 2012).
///
/// **Shape**: `[N, C, L, ...]` → the same.
public final class LocalResponseNorm extends Layer {
    private final int size;
    private final double alpha;
    private final double beta;
    private final double k;

    /// Over `size` channels with alpha 1e-4, beta ¾ and k 1.
    public LocalResponseNorm(int size) {
        this(size, 1e-4, 0.75, 1);
    }

    /// Over `size` channels.
    public LocalResponseNorm(int size, double alpha, double beta, double k) {
        this.size = size;
        this.alpha = alpha;
        this.beta = beta;
        this.k = k;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.localResponseNorm(size, alpha, beta, k);
    }

    @Override
    protected String extra() {
        return size + ", alpha = " + alpha + ", beta = " + beta + ", k = " + k;
    }
}
