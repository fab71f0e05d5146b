package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Mean over a fixed number of bins, whatever the input's extent.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, C, outD, outH, outW]`.
public final class AdaptiveAvgPool3d extends Layer {
    private final int outD;
    private final int outH;
    private final int outW;

    /// outD x outH x outW bins.
    public AdaptiveAvgPool3d(int outD, int outH, int outW) {
        this.outD = outD;
        this.outH = outH;
        this.outW = outW;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.adaptiveAvgPool3d(outD, outH, outW);
    }

    @Override
    protected String extra() {
        return outD + " x " + outH + " x " + outW;
    }
}
