package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.VolumeWindow;

/// Mean of each window.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, C, ⌊(D + 2·padding − kernel)/stride⌋ + 1, …]`.
public final class AvgPool3d extends Layer {
    private final VolumeWindow window;
    private final boolean countIncludePad;

    /// Cubic windows side by side.
    public AvgPool3d(int kernel) {
        this(VolumeWindow.of(kernel, kernel, 0), true);
    }

    /// The given windows; with `countIncludePad` padding counts as zeros, else the mean is over real
    /// elements.
    public AvgPool3d(VolumeWindow window, boolean countIncludePad) {
        this.window = window;
        this.countIncludePad = countIncludePad;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.avgPool3d(window, countIncludePad);
    }

    @Override
    protected String extra() {
        return "kernel = " + window.depth().kernelH() + " x " + window.plane().kernelH() + " x "
                + window.plane().kernelW();
    }
}
