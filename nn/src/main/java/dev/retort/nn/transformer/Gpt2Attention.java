package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Causal attention of [Gpt2] with one product for query, key and value.
final class Gpt2Attention extends Module {
    private final int layer;
    private final int heads;
    private final int width;
    private final double dropout;
    private final Rng rng;
    private final TransposedLinear cAttn;
    private final TransposedLinear cProj;
    private final Dropout residDropout;
    private final @Nullable ValueResidual values;

    Gpt2Attention(Gpt2.Config config, int layer, @Nullable ValueResidual values, Rng rng) {
        this.layer = layer;
        heads = config.heads();
        width = config.width();
        dropout = config.dropout();
        this.rng = generator("rng", rng);
        cAttn = child("c_attn", new TransposedLinear(width, 3 * width, Weights.STD, rng));
        double std = Weights.STD / Math.sqrt(2.0 * config.layers());
        cProj = child("c_proj", new TransposedLinear(width, width, std, rng));
        residDropout = child("resid_dropout", new Dropout(dropout, rng));
        this.values = values == null ? null : child("value_residual", values);
    }

    /// `[B, T, E]` → `[B, T, E]`.
    Tensor call(Tensor x, ResidualStream stream, DecoderContext context) {
        return run(in -> new Tensor[] {attend(in[0], stream, context)}, x)[0];
    }

    private Tensor attend(Tensor x, ResidualStream stream, DecoderContext context) {
        Tensor all = cAttn.call(x);
        Tensor q = Heads.split(all.narrow(2, 0, width), heads);
        Tensor k = Heads.split(all.narrow(2, width, width), heads);
        Tensor v = Heads.split(all.narrow(2, 2 * width, width), heads);
        v = values == null ? v : values.call(v, stream);
        Tensor y = Heads.attendCausally(q, k, v, layer, context, isTraining() ? dropout : 0, rng);
        return residDropout.call(cProj.call(Heads.join(y)));
    }

    @Override
    protected String extra() {
        return width + ", heads = " + heads + (dropout == 0 ? "" : ", dropout = " + dropout);
    }
}
