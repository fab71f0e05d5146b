package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Long short-term memory (Hochreiter and Schmidhuber, 1997): with gates i, f, g, o from W_ih·x + b_ih +
/// W_hh·h + b_hh, c ← σ(f)·c + σ(i)·tanh(g), h ← σ(o)·tanh(c).
///
/// **Shape**: x `[T, B, I]` → output `[T, B, D·directions]` (batch and time swapped with `batchFirst`),
/// h and c `[layers·directions, B, D]`.
public final class LSTM extends Recurrent {
    /// One layer from `in` to `width` features.
    public LSTM(int in, int width, Rng rng) {
        this(Config.of(in, width), rng);
    }

    /// A configured network.
    public LSTM(Config config, Rng rng) {
        super(config, 4, 2, rng);
    }

    /// What [#call] returns.
    ///
    /// @param output the last layer's h at every time step, `[T, B, D·directions]`
    /// @param hidden h after the last time step, `[layers·directions, B, D]`
    /// @param cell   c after the last time step, `[layers·directions, B, D]`
    public record Result(Tensor output, Tensor hidden, Tensor cell) {}

    /// The states along a sequence, from zeros.
    public Result call(Tensor x) {
        return result(run(in -> walk(in[0], null), x));
    }

    /// The states along a sequence, from given ones `[layers·directions, B, D]`.
    public Result call(Tensor x, Tensor hidden, Tensor cell) {
        return result(run(in -> walk(in[0], new Tensor[] {in[1], in[2]}), x, hidden, cell));
    }

    private static Result result(Tensor[] parts) {
        return new Result(parts[0], parts[1], parts[2]);
    }

    @Override
    Tensor[] step(Tensor projected, Tensor[] state, Tensor weightHh, @Nullable Tensor biasHh) {
        Tensor gates = projected.add(state[0].linear(weightHh, biasHh));
        Tensor keep = gate(gates, 1).sigmoid().mul(state[1]);
        Tensor cell = keep.add(gate(gates, 0).sigmoid().mul(gate(gates, 2).tanh()));
        return new Tensor[] {gate(gates, 3).sigmoid().mul(cell.tanh()), cell};
    }
}
