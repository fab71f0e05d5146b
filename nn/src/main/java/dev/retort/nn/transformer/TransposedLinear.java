package dev.retort.nn.transformer;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.inference.NarrowWeight;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y = x · weight + bias with the weight stored input first, as GPT-2's checkpoints have it (where
/// it is called `Conv1D`).
///
/// **Shape**: `[..., I]` → `[..., O]`. **Parameters**: `weight` `[I, O]`, normal at first, and
/// `bias` `[O]` = 0.
public final class TransposedLinear extends Layer {
    private final int in;
    private final int out;
    private final Parameter weight;
    private final Parameter bias;
    private @Nullable NarrowWeight narrow;

    /// From `in` to `out` features, the weight normal with standard deviation `std` at first.
    public TransposedLinear(int in, int out, double std, Rng rng) {
        this.in = in;
        this.out = out;
        weight = parameter("weight", Init.normal(Shape.of(in, out), 0, std, rng));
        bias = parameter("bias", Tensor.zeros(out));
    }

    /// The matrix `[I, O]`.
    public Parameter weight() {
        return weight;
    }

    /// The shift `[O]`.
    public Parameter bias() {
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
            return copy.linear(x, bias.value());
        }
        return x.linear(weight.value().t(), bias.value());
    }

    @Override
    protected String extra() {
        return in + ", " + out;
    }
}
