package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// One step of [LSTM].
///
/// **Shape**: x `[B, I]`, h and c `[B, D]` → h and c `[B, D]`.
public final class LSTMCell extends RecurrentCell {
    /// From `in` to `width` features with biases.
    public LSTMCell(int in, int width, Rng rng) {
        this(in, width, true, rng);
    }

    /// With or without biases.
    public LSTMCell(int in, int width, boolean hasBias, Rng rng) {
        super(in, width, hasBias, 4, rng);
    }

    /// What [#call] returns.
    ///
    /// @param hidden h, the output
    /// @param cell   c
    public record Result(Tensor hidden, Tensor cell) {}

    /// The states after `x`, from zeros.
    public Result call(Tensor x) {
        return result(run(
                in -> {
                    check(in[0]);
                    return step(in[0], zeros(in[0]), zeros(in[0]));
                },
                x));
    }

    /// The states after `x`.
    public Result call(Tensor x, Tensor hidden, Tensor cell) {
        return result(run(in -> step(in[0], in[1], in[2]), x, hidden, cell));
    }

    private static Result result(Tensor[] parts) {
        return new Result(parts[0], parts[1]);
    }

    private Tensor[] step(Tensor x, Tensor h, Tensor c) {
        check(x, h, c);
        Tensor gates = fromInput(x).add(fromState(h));
        Tensor keep = gate(gates, 1).sigmoid().mul(c);
        Tensor cell = keep.add(gate(gates, 0).sigmoid().mul(gate(gates, 2).tanh()));
        return new Tensor[] {gate(gates, 3).sigmoid().mul(cell.tanh()), cell};
    }
}
