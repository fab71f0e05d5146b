package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// y = (x − mean)/√(var + eps) · weight + bias over the last dimensions of each sample (Ba et al., 2016,
/// arXiv 1607.06450).
///
/// **Shape**: [..., normalised shape] → the same. **Parameters**: `weight` = 1 and `bias` = 0 of the
/// normalised shape at first.
public final class LayerNorm extends Layer {
    private final Shape shape;
    private final double eps;
    private final Parameter weight;
    private final Parameter bias;

    /// Over the last dimension of `width` features, eps 1e-5.
    public LayerNorm(int width) {
        this(Shape.of(width), 1e-5);
    }

    /// Over the last dimensions, which have extents `shape`.
    public LayerNorm(Shape shape, double eps) {
        this.shape = shape;
        this.eps = eps;
        weight = parameter("weight", Tensor.ones(shape.dims()));
        bias = parameter("bias", Tensor.zeros(shape.dims()));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.layerNorm(weight.value(), bias.value(), eps);
    }

    @Override
    protected String extra() {
        return shape + ", eps = " + eps;
    }
}
