package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Causal attention of [Llama]: rotary positions, and fewer heads for keys and values than for queries
/// (Ainslie et al., 2023, arXiv 2305.13245).
final class LlamaAttention extends Module {
    private final int layer;
    private final int heads;
    private final int groups;
    private final Linear qProj;
    private final Linear kProj;
    private final Linear vProj;
    private final Linear oProj;
    private final Rotary rotary;
    private final Rng rng;
    private final @Nullable ValueResidual values;

    LlamaAttention(Llama.Config config, int layer, Rotary rotary, @Nullable ValueResidual values, Rng rng) {
        this.layer = layer;
        this.rotary = rotary;
        this.rng = rng;
        heads = config.heads();
        groups = config.groups();
        int width = config.width();
        int keys = groups * config.headWidth();
        qProj = child("q_proj", Weights.linear(width, heads * config.headWidth(), config.attentionBias(), rng));
        kProj = child("k_proj", Weights.linear(width, keys, config.attentionBias(), rng));
        vProj = child("v_proj", Weights.linear(width, keys, config.attentionBias(), rng));
        oProj = child("o_proj", Weights.linear(heads * config.headWidth(), width, false, rng));
        this.values = values == null ? null : child("value_residual", values);
    }

    /// `[B, T, E]` → `[B, T, E]`.
    Tensor call(Tensor x, Tensor[] angles, ResidualStream stream, DecoderContext context) {
        return run(in -> new Tensor[] {attend(in[0], angles, stream, context)}, x)[0];
    }

    private Tensor attend(Tensor x, Tensor[] angles, ResidualStream stream, DecoderContext context) {
        Tensor q = rotary.call(Heads.split(qProj.call(x), heads), angles);
        Tensor k = rotary.call(Heads.split(kProj.call(x), groups), angles);
        Tensor v = Heads.split(vProj.call(x), groups);
        v = values == null ? v : values.call(v, stream);
        return oProj.call(Heads.join(Heads.attendCausally(q, k, v, layer, context, 0, rng)));
    }

    @Override
    protected String extra() {
        return "heads = " + heads + ", groups = " + groups;
    }
}
