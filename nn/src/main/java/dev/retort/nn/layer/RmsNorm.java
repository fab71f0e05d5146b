package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import org.jspecify.annotations.Nullable;

/// y = x/√(mean x² + eps) · weight over the last dimensions (Zhang and Sennrich, 2019, arXiv 1910.07467).
///
/// **Shape**: `[..., D]` → the same. **Parameters**: unless left out, `weight` of the normalised shape =
/// 1 at first.
public final class RmsNorm extends Layer {
    private final Shape shape;
    private final double eps;
    private final @Nullable Parameter weight;

    /// Over `width` features with PyTorch's default eps, the spacing of `F32` at 1 (1.19e-7).
    public RmsNorm(int width) {
        this(width, Math.ulp(1f));
    }

    /// Over `width` features.
    public RmsNorm(int width, double eps) {
        this(Shape.of(width), eps, true);
    }

    /// Over the last dimensions, which have extents `shape`, with or without a weight.
    public RmsNorm(Shape shape, double eps, boolean hasWeight) {
        this.shape = shape;
        this.eps = eps;
        weight = hasWeight ? parameter("weight", Tensor.ones(shape.dims())) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (weight != null) {
            return x.rmsNorm(weight.value(), eps);
        }
        int rest = x.rank() - shape.rank();
        for (int d = 0; d < shape.rank(); d++) { // no parameter's shape would say it
            if (rest < 0 || x.size(rest + d) != shape.dim(d)) {
                throw new OpException("rms_norm: expects last dimensions " + shape + ", got " + x.type());
            }
        }
        return Engine.one(new NormOp.RmsNorm(shape.rank(), eps), x);
    }

    @Override
    protected String extra() {
        return (shape.rank() == 1 ? String.valueOf(shape.dim(0)) : shape.toString()) + ", eps = " + eps
                + (weight == null ? ", no weight" : "");
    }
}
