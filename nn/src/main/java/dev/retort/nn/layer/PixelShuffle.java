package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Channels become pixels (Shi et al., 2016, arXiv 1609.05158).
///
/// **Shape**: `[N, C · r², H, W]` → `[N, C, H · r, W · r]`.
public final class PixelShuffle extends Layer {
    private final int factor;

    /// Maps r times as high and as wide.
    public PixelShuffle(int r) {
        factor = r;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.pixelShuffle(factor);
    }

    @Override
    protected String extra() {
        return Integer.toString(factor);
    }
}
