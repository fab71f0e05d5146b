package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Mean over a fixed number of bins, whatever the input's extent; 1 x 1 is global average pooling.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, outH, outW]`.
public final class AdaptiveAvgPool2d extends Layer {
    private final int outH;
    private final int outW;

    /// Global average pooling.
    public AdaptiveAvgPool2d() {
        this(1, 1);
    }

    /// outH x outW bins.
    public AdaptiveAvgPool2d(int outH, int outW) {
        this.outH = outH;
        this.outW = outW;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.adaptiveAvgPool2d(outH, outW);
    }

    @Override
    protected String extra() {
        return outH + " x " + outW;
    }
}
