package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Attention of [Bert] in both directions, without the output projection.
final class BertSelfAttention extends Module {
    private final int heads;
    private final double dropout;
    private final Rng rng;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final @Nullable ValueResidual values;

    BertSelfAttention(Bert.Config config, @Nullable ValueResidual values, Rng rng) {
        int width = config.width();
        heads = config.heads();
        dropout = config.dropout();
        this.rng = generator("rng", rng);
        query = child("query", Weights.linear(width, width, true, rng));
        key = child("key", Weights.linear(width, width, true, rng));
        value = child("value", Weights.linear(width, width, true, rng));
        this.values = values == null ? null : child("value_residual", values);
    }

    /// `[B, T, E]` → `[B, T, E]`.
    Tensor call(Tensor x, @Nullable Tensor mask, ResidualStream stream) {
        return run(in -> new Tensor[] {attend(in[0], mask, stream)}, x)[0];
    }

    private Tensor attend(Tensor x, @Nullable Tensor mask, ResidualStream stream) {
        Tensor q = Heads.split(query.call(x), heads);
        Tensor k = Heads.split(key.call(x), heads);
        Tensor v = Heads.split(value.call(x), heads);
        v = values == null ? v : values.call(v, stream);
        return Heads.join(Heads.attend(q, k, v, mask, false, isTraining() ? dropout : 0, rng));
    }

    @Override
    protected String extra() {
        return "heads = " + heads + (dropout == 0 ? "" : ", dropout = " + dropout);
    }
}
