package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;

/// y = x/√(mean x² + eps) · weight over the last dimension (Zhang and Sennrich, 2019, arXiv 1910.07467).
///
/// **Shape**: `[..., D]` → the same. **Parameters**: `weight` `[D]` = 1 at first.
public final class RmsNorm extends Layer {
    private final int width;
    private final double eps;
    private final Parameter weight;

    /// Over `width` features with PyTorch's default eps, the spacing of `F32` at 1 (1.19e-7).
    public RmsNorm(int width) {
        this(width, Math.ulp(1f));
    }

    /// Over `width` features.
    public RmsNorm(int width, double eps) {
        this.width = width;
        this.eps = eps;
        weight = parameter("weight", Tensor.ones(width));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.rmsNorm(weight.value(), eps);
    }

    @Override
    protected String extra() {
        return width + ", eps = " + eps;
    }
}
