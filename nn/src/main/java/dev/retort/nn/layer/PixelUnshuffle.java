package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Pixels become channels: the inverse of [PixelShuffle].
///
/// **Shape**: `[N, C, H · r, W · r]` → `[N, C · r², H, W]`.
public final class PixelUnshuffle extends Layer {
    private final int factor;

    /// Maps r times less high and wide.
    public PixelUnshuffle(int r) {
        factor = r;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.pixelUnshuffle(factor);
    }

    @Override
    protected String extra() {
        return Integer.toString(factor);
    }
}
