package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import org.jspecify.annotations.Nullable;

/// y = (x − mean)/√(var + eps) · weight + bias over the last dimensions of each sample (Ba et al., 2016,
/// arXiv 1607.06450).
///
/// **Shape**: [..., normalised shape] → the same. **Parameters**: unless left out, `weight` = 1 and
/// `bias` = 0 of the normalised shape at first.
public final class LayerNorm extends Layer {
    private final Shape shape;
    private final double eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;

    /// Over the last dimension of `width` features, eps 1e-5.
    public LayerNorm(int width) {
        this(Shape.of(width), 1e-5);
    }

    /// Over the last dimensions, which have extents `shape`.
    public LayerNorm(Shape shape, double eps) {
        this(shape, eps, true, true);
    }

    /// Over the last dimensions, with or without trained parameters.
    ///
    /// @param hasWeight whether there is a weight (PyTorch's `elementwise_affine`)
    /// @param hasBias   whether there is a bias beside the weight
    public LayerNorm(Shape shape, double eps, boolean hasWeight, boolean hasBias) {
        this.shape = shape;
        this.eps = eps;
        weight = hasWeight ? parameter("weight", Tensor.ones(shape.dims())) : null;
        bias = hasWeight && hasBias ? parameter("bias", Tensor.zeros(shape.dims())) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (weight != null) {
            return x.layerNorm(weight.value(), bias == null ? null : bias.value(), eps);
        }
        int rest = x.rank() - shape.rank();
        for (int d = 0; d < shape.rank(); d++) { // no parameter's shape would say it
            if (rest < 0 || x.size(rest + d) != shape.dim(d)) {
                throw new OpException("layer_norm: expects last dimensions " + shape + ", got " + x.type());
            }
        }
        return Engine.one(new NormOp.LayerNorm(shape.rank(), eps), x);
    }

    @Override
    protected String extra() {
        return shape + ", eps = " + eps + (weight == null ? ", no weight" : bias == null ? ", no bias" : "");
    }
}
