package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// silu(a) · b for an input [a, b] split in halves along the last dimension (Shazeer, 2020, arXiv
/// 2002.05202).
///
/// **Shape**: `[..., 2D]` → `[..., D]`.
public final class SwiGLU extends Layer {
    /// The gate; it has no parameters.
    public SwiGLU() {}

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() == 0 || x.size(-1) % 2 != 0) {
            throw new OpException("swiglu: expects an even last dimension, got " + x.type());
        }
        int half = x.size(-1) / 2;
        return x.narrow(-1, 0, half).silu().mul(x.narrow(-1, half, half));
    }
}
