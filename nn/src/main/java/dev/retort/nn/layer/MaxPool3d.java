package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.VolumeWindow;

/// Largest element of each window; padding does not count.
///
/// **Shape**: `[N, C, D, H, W]` → `[N, C, ⌊(D + 2·padding − kernel)/stride⌋ + 1, …]`.
public final class MaxPool3d extends Layer {
    private final VolumeWindow window;

    /// Cubic windows side by side.
    public MaxPool3d(int kernel) {
        this(VolumeWindow.of(kernel, kernel, 0));
    }

    /// The given windows.
    public MaxPool3d(VolumeWindow window) {
        this.window = window;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.maxPool3d(window);
    }

    @Override
    protected String extra() {
        return "kernel = " + window.depth().kernelH() + " x " + window.plane().kernelH() + " x "
                + window.plane().kernelW();
    }
}
