package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Largest element of each window; padding does not count.
///
/// **Shape**: `[N, C, L]` → `[N, C, ⌊(L + 2·padding − kernel)/stride⌋ + 1]`, rounded up with `ceilMode`.
public final class MaxPool1d extends Layer {
    private final int kernel;
    private final int stride;
    private final int padding;
    private final boolean ceilMode;

    /// Windows side by side.
    public MaxPool1d(int kernel) {
        this(kernel, kernel, 0);
    }

    /// The given windows.
    public MaxPool1d(int kernel, int stride, int padding) {
        this(kernel, stride, padding, false);
    }

    /// The given windows; with `ceilMode` a partial last one counts.
    public MaxPool1d(int kernel, int stride, int padding, boolean ceilMode) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
        this.ceilMode = ceilMode;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.maxPool1d(kernel, stride, padding, ceilMode);
    }

    @Override
    protected String extra() {
        return "kernel = " + kernel + ", stride = " + stride + ", padding = " + padding
                + (ceilMode ? ", ceil mode" : "");
    }
}
