package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// Columns of patches added up to images: the adjoint of [Unfold].
///
/// **Shape**: `[N, C·KH·KW, L]` → `[N, C, height, width]`.
public final class Fold extends Layer {
    private final int height;
    private final int width;
    private final int kernelH;
    private final int kernelW;
    private final ConvOp.Geometry geometry;

    /// Images of the given extents from square patches at every pixel.
    public Fold(int height, int width, int kernel) {
        this(height, width, kernel, kernel, ConvOp.Geometry.of(1, 0));
    }

    /// Images of the given extents from patches with stride, padding and dilation; there are no groups.
    public Fold(int height, int width, int kernelH, int kernelW, ConvOp.Geometry geometry) {
        this.height = height;
        this.width = width;
        this.kernelH = kernelH;
        this.kernelW = kernelW;
        this.geometry = geometry;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.fold(height, width, kernelH, kernelW, geometry);
    }

    @Override
    protected String extra() {
        return height + " x " + width + ", kernel = " + kernelH + " x " + kernelW + ", stride = " + geometry.strideH()
                + ", padding = " + geometry.paddingH();
    }
}
