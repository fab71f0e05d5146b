package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// a · σ(b) for an input [a, b] split in halves (Dauphin et al., 2016, arXiv 1612.08083).
///
/// **Shape**: `[..., 2D, ...]` → `[..., D, ...]`.
public final class GLU extends Layer {
    private final int dim;

    /// Halves of the last dimension.
    public GLU() {
        this(-1);
    }

    /// Halves along `dim`.
    public GLU(int dim) {
        this.dim = dim;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.glu(dim);
    }

    @Override
    protected String extra() {
        return "dim = " + dim;
    }
}
