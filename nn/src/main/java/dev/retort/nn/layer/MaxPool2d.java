package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;

/// Largest element of each window; padding does not count.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, ⌊(H + 2·padding − kernel)/stride⌋ + 1, …]`.
public final class MaxPool2d extends Layer {
    private final PoolOp.Window window;

    /// Square windows side by side.
    public MaxPool2d(int kernel) {
        this(PoolOp.Window.of(kernel, kernel, 0));
    }

    /// The given windows.
    public MaxPool2d(PoolOp.Window window) {
        this.window = window;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.maxPool2d(window);
    }

    @Override
    protected String extra() {
        return "kernel = " + window.kernelH() + ", stride = " + window.strideH() + ", padding = " + window.paddingH();
    }
}
