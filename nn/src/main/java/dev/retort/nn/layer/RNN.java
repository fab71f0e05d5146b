package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Recurrent network of Elman (1990): h ← tanh(W_ih·x + b_ih + W_hh·h + b_hh), or ReLU in place of tanh.
///
/// **Shape**: x `[T, B, I]` → output `[T, B, D·directions]` (batch and time swapped with `batchFirst`), h
/// `[layers·directions, B, D]`.
public final class RNN extends Recurrent {
    private final boolean relu;

    /// One layer from `in` to `width` features with tanh.
    public RNN(int in, int width, Rng rng) {
        this(Config.of(in, width), rng);
    }

    /// A configured network with tanh.
    public RNN(Config config, Rng rng) {
        this(config, false, rng);
    }

    /// A configured network with tanh, or with ReLU.
    public RNN(Config config, boolean relu, Rng rng) {
        super(config, 1, 1, rng);
        this.relu = relu;
    }

    /// What [#call] returns.
    ///
    /// @param output the last layer's h at every time step, `[T, B, D·directions]`
    /// @param hidden h after the last time step, `[layers·directions, B, D]`
    public record Result(Tensor output, Tensor hidden) {}

    /// The states along a sequence, from zeros.
    public Result call(Tensor x) {
        return result(run(in -> walk(in[0], null), x));
    }

    /// The states along a sequence, from a given one `[layers·directions, B, D]`.
    public Result call(Tensor x, Tensor hidden) {
        return result(run(in -> walk(in[0], new Tensor[] {in[1]}), x, hidden));
    }

    private static Result result(Tensor[] parts) {
        return new Result(parts[0], parts[1]);
    }

    @Override
    Tensor[] step(Tensor projected, Tensor[] state, Tensor weightHh, @Nullable Tensor biasHh) {
        Tensor sum = projected.add(state[0].linear(weightHh, biasHh));
        return new Tensor[] {relu ? sum.relu() : sum.tanh()};
    }
}
