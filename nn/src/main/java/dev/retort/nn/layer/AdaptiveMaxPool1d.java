package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Largest element of each of a fixed number of bins, whatever the input's extent.
///
/// **Shape**: `[N, C, L]` → `[N, C, out]`.
public final class AdaptiveMaxPool1d extends Layer {
    private final int out;

    /// `out` bins.
    public AdaptiveMaxPool1d(int out) {
        this.out = out;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.adaptiveMaxPool1d(out);
    }

    @Override
    protected String extra() {
        return Integer.toString(out);
    }
}
