package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Largest element of each of a fixed number of bins, whatever the input's extent.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, C, outD, outH, outW]`.
public final class AdaptiveMaxPool3d extends Layer {
    private final int outD;
    private final int outH;
    private final int outW;

    /// outD x outH x outW bins.
    public AdaptiveMaxPool3d(int outD, int outH, int outW) {
        this.outD = outD;
        this.outH = outH;
        this.outW = outW;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.adaptiveMaxPool3d(outD, outH, outW);
    }

    @Override
    protected String extra() {
        return outD + " x " + outH + " x " + outW;
    }
}
