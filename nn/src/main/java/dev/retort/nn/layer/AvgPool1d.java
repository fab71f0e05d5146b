package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// Mean of each window.
///
/// **Shape**: `[N, C, L]` → `[N, C, ⌊(L + 2·padding − kernel)/stride⌋ + 1]`, rounded up with `ceilMode`.
public final class AvgPool1d extends Layer {
    private final int kernel;
    private final int stride;
    private final int padding;
    private final boolean ceilMode;
    private final boolean countIncludePad;

    /// Windows side by side.
    public AvgPool1d(int kernel) {
        this(kernel, kernel, 0);
    }

    /// The given windows; padding counts as zeros.
    public AvgPool1d(int kernel, int stride, int padding) {
        this(kernel, stride, padding, false, true);
    }

    /// The given windows; with `ceilMode` a partial last one counts, without `countIncludePad` the mean
    /// is over real elements.
    public AvgPool1d(int kernel, int stride, int padding, boolean ceilMode, boolean countIncludePad) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
        this.ceilMode = ceilMode;
        this.countIncludePad = countIncludePad;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.avgPool1d(kernel, stride, padding, ceilMode, countIncludePad);
    }

    @Override
    protected String extra() {
        return "kernel = " + kernel + ", stride = " + stride + ", padding = " + padding
                + (ceilMode ? ", ceil mode" : "");
    }
}
