package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// The patches that a convolution would see, as columns.
///
/// **Shape**: `[N, C, H, W]` → `[N, C·KH·KW, L]`, L being the number of patches.
public final class Unfold extends Layer {
    private final int kernelH;
    private final int kernelW;
    private final ConvOp.Geometry geometry;

    /// Square patches at every pixel.
    public Unfold(int kernel) {
        this(kernel, kernel, ConvOp.Geometry.of(1, 0));
    }

    /// Patches of a size, with stride, padding and dilation; there are no groups.
    public Unfold(int kernelH, int kernelW, ConvOp.Geometry geometry) {
        this.kernelH = kernelH;
        this.kernelW = kernelW;
        this.geometry = geometry;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.unfold(kernelH, kernelW, geometry);
    }

    @Override
    protected String extra() {
        return "kernel = " + kernelH + " x " + kernelW + ", stride = " + geometry.strideH() + ", padding = "
                + geometry.paddingH();
    }
}
