package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// (Σ xᵖ)^(1/p) of each window: p = 1 is the sum, large p tends to the maximum.
///
/// **Shape**: `[N, C, L]` → `[N, C, ⌊(L − kernel)/stride⌋ + 1]`.
public final class LPPool1d extends Layer {
    private final double p;
    private final int kernel;
    private final int stride;

    /// Windows side by side.
    public LPPool1d(double p, int kernel) {
        this(p, kernel, kernel);
    }

    /// The given windows.
    ///
    /// @throws OpException if p is not positive
    public LPPool1d(double p, int kernel, int stride) {
        if (!(p > 0)) {
            throw new OpException("lp_pool1d: expects p > 0, got " + p);
        }
        this.p = p;
        this.kernel = kernel;
        this.stride = stride;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.lpPool1d(p, kernel, stride, false);
    }

    @Override
    protected String extra() {
        return "p = " + p + ", kernel = " + kernel + ", stride = " + stride;
    }
}
