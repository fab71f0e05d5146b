package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Largest element of each of a fixed number of bins, whatever the input's extent.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, outH, outW]`.
public final class AdaptiveMaxPool2d extends Layer {
    private final int outH;
    private final int outW;

    /// outH x outW bins.
    public AdaptiveMaxPool2d(int outH, int outW) {
        this.outH = outH;
        this.outW = outW;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.adaptiveMaxPool2d(outH, outW);
    }

    @Override
    protected String extra() {
        return outH + " x " + outW;
    }
}
