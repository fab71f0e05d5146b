package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;

/// (Σ xᵖ)^(1/p) of each window: p = 1 is the sum, large p tends to the maximum.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, ⌊(H − kernel)/stride⌋ + 1, …]`.
public final class LPPool2d extends Layer {
    private final double p;
    private final PoolOp.Window window;

    /// Square windows side by side.
    public LPPool2d(double p, int kernel) {
        this(p, PoolOp.Window.of(kernel, kernel, 0));
    }

    /// The given windows.
    ///
    /// @throws OpException if p is not positive
    public LPPool2d(double p, PoolOp.Window window) {
        if (!(p > 0)) {
            throw new OpException("lp_pool2d: expects p > 0, got " + p);
        }
        this.p = p;
        this.window = window;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.lpPool2d(p, window);
    }

    @Override
    protected String extra() {
        return "p = " + p + ", kernel = " + window.kernelH() + ", stride = " + window.strideH();
    }
}
