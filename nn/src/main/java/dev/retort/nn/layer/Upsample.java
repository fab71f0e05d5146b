package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;

/// Maps made larger by a whole factor.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, H · factor, W · factor]`.
public final class Upsample extends Layer {
    private final int factor;
    private final ResampleOp.Mode mode;

    /// Every pixel repeated.
    public Upsample(int factor) {
        this(factor, ResampleOp.Mode.NEAREST);
    }

    /// Nearest or bilinear (outer corners stay in place, PyTorch's default).
    ///
    /// @throws OpException if the factor is below 1
    public Upsample(int factor, ResampleOp.Mode mode) {
        if (factor < 1) {
            throw new OpException("upsample: expects factor >= 1, got " + factor);
        }
        this.factor = factor;
        this.mode = mode;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() != 4) {
            throw new OpException("upsample: expects [N, C, H, W], got " + x.type());
        }
        return x.interpolate(x.size(2) * factor, x.size(3) * factor, mode, false);
    }

    @Override
    protected String extra() {
        return factor + ", " + mode;
    }
}
