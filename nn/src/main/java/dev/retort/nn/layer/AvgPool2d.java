package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;

/// Mean of each window.
///
/// **Shape**: `[N, C, H, W]` → `[N, C, ⌊(H + 2·padding − kernel)/stride⌋ + 1, …]`.
public final class AvgPool2d extends Layer {
    private final PoolOp.Window window;
    private final boolean countIncludePad;

    /// Square windows side by side.
    public AvgPool2d(int kernel) {
        this(PoolOp.Window.of(kernel, kernel, 0), true);
    }

    /// The given windows; with `countIncludePad` padding counts as zeros, else the mean is over real
    /// elements.
    public AvgPool2d(PoolOp.Window window, boolean countIncludePad) {
        this.window = window;
        this.countIncludePad = countIncludePad;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return Engine.one(new PoolOp.AvgPool2d(window, countIncludePad), x);
    }

    @Override
    protected String extra() {
        return "kernel = " + window.kernelH() + ", stride = " + window.strideH() + ", padding = " + window.paddingH();
    }
}
