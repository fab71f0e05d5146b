package dev.retort.nn.layer;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.inference.NarrowWeight;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y = x · weightᵀ + bias.
///
/// **Shape**: `[..., I]` → `[..., O]`. **Parameters**: `weight` `[O, I]` and `bias` `[O]`, both uniform
/// on ±1/√I at first.
public final class Linear extends Layer {
    private final int in;
    private final int out;
    private final Parameter weight;
    private final @Nullable Parameter bias;
    private @Nullable NarrowWeight narrow;

    /// From `in` to `out` features, with bias.
    public Linear(int in, int out, Rng rng) {
        this(in, out, true, rng);
    }

    /// From `in` to `out` features.
    public Linear(int in, int out, boolean hasBias, Rng rng) {
        double bound = 1 / Math.sqrt(Math.max(1, in));
        this.in = in;
        this.out = out;
        weight = parameter("weight", Init.uniform(Shape.of(out, in), -bound, bound, rng));
        bias = hasBias ? parameter("bias", Init.uniform(Shape.of(out), -bound, bound, rng)) : null;
    }

    /// With given parameters, perhaps those of another module (tied weights).
    ///
    /// @param weight `[O, I]`
    /// @param bias   `[O]`, or null for none
    /// @throws OpException if the shapes do not fit
    public Linear(Parameter weight, @Nullable Parameter bias) {
        Shape shape = weight.shape();
        if (shape.rank() != 2 || (bias != null && !bias.shape().equals(Shape.of(shape.dim(0))))) {
            throw new OpException("linear: expects weight [O, I] and bias [O], got " + shape
                    + (bias == null ? "" : " and " + bias.shape()));
        }
        in = shape.dim(1);
        out = shape.dim(0);
        this.weight = parameter("weight", weight);
        this.bias = bias == null ? null : parameter("bias", bias);
    }

    /// The matrix `[O, I]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    /// Sets the copy of the weight that calls in evaluation mode without recording compute with;
    /// null for none. See [dev.retort.nn.inference.NarrowWeights].
    public void answerWith(@Nullable NarrowWeight copy) {
        narrow = copy;
    }

    @Override
    protected Tensor forward(Tensor x) {
        NarrowWeight copy = narrow;
        if (copy != null && !isTraining() && !Autograd.isGradEnabled()) {
            return copy.linear(x, bias == null ? null : bias.value());
        }
        return x.linear(weight.value(), bias == null ? null : bias.value());
    }

    @Override
    protected String extra() {
        return in + ", " + out + (bias == null ? ", no bias" : "");
    }
}
