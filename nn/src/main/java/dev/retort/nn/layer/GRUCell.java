package dev.retort.nn.layer;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// One step of [GRU].
///
/// **Shape**: x `[B, I]`, h `[B, D]` → `[B, D]`.
public final class GRUCell extends RecurrentCell {
    /// From `in` to `width` features with biases.
    public GRUCell(int in, int width, Rng rng) {
        this(in, width, true, rng);
    }

    /// With or without biases.
    public GRUCell(int in, int width, boolean hasBias, Rng rng) {
        super(in, width, hasBias, 3, rng);
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
        Tensor fromInput = fromInput(x);
        Tensor fromState = fromState(h);
        Tensor reset = gate(fromInput, 0).add(gate(fromState, 0)).sigmoid();
        Tensor update = gate(fromInput, 1).add(gate(fromState, 1)).sigmoid();
        Tensor candidate = gate(fromInput, 2).add(reset.mul(gate(fromState, 2))).tanh();
        return candidate.add(update.mul(h.sub(candidate))); // (1 − z)·n + z·h
    }
}
