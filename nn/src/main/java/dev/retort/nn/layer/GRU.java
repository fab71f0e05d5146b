package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Gated recurrent unit (Cho et al., 2014, arXiv 1406.1078) in PyTorch's form: r = σ(W_ir·x + b_ir +
/// W_hr·h + b_hr), z likewise, n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn)), h ← (1 − z)·n + z·h.
///
/// **Shape**: x `[T, B, I]` → output `[T, B, D·directions]` (batch and time swapped with `batchFirst`), h
/// `[layers·directions, B, D]`.
public final class GRU extends Recurrent {
    /// One layer from `in` to `width` features.
    public GRU(int in, int width, Rng rng) {
        this(Config.of(in, width), rng);
    }

    /// A configured network.
    public GRU(Config config, Rng rng) {
        super(config, 3, 1, rng);
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
        Tensor h = state[0];
        Tensor fromState = h.linear(weightHh, biasHh);
        Tensor reset = gate(projected, 0).add(gate(fromState, 0)).sigmoid();
        Tensor update = gate(projected, 1).add(gate(fromState, 1)).sigmoid();
        Tensor candidate = gate(projected, 2).add(reset.mul(gate(fromState, 2))).tanh();
        return new Tensor[] {candidate.add(update.mul(h.sub(candidate)))}; // (1 − z)·n + z·h
    }
}
