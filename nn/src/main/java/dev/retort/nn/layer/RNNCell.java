package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// One step of [RNN]: h ← tanh(W_ih·x + b_ih + W_hh·h + b_hh), or ReLU in place of tanh.
///
/// **Shape**: x `[B, I]`, h `[B, D]` → `[B, D]`.
public final class RNNCell extends RecurrentCell {
    private final boolean relu;

    /// From `in` to `width` features with tanh and biases.
    public RNNCell(int in, int width, Rng rng) {
        this(in, width, true, false, rng);
    }

    /// With or without biases, with tanh or ReLU.
    public RNNCell(int in, int width, boolean hasBias, boolean relu, Rng rng) {
        super(in, width, hasBias, 1, rng);
        this.relu = relu;
    }

    /// The state after `x`, from zeros.
    public Tensor call(Tensor x) {
        return run(in -> new Tensor[] {step(in[0], null)}, x)[0];
    }

    /// The state after `x`.
    public Tensor call(Tensor x, Tensor hidden) {
        return run(in -> new Tensor[] {step(in[0], in[1])}, x, hidden)[0];
    }

    private Tensor step(Tensor x, @Nullable Tensor given) {
        check(x);
        Tensor h = given == null ? zeros(x) : given;
        check(x, h);
        Tensor sum = fromInput(x).add(fromState(h));
        return relu ? sum.relu() : sum.tanh();
    }
}
