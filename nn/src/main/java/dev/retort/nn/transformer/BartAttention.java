package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Attention of [Bart]: to itself in the encoder, causal in the decoder, or to the source.
final class BartAttention extends Module {
    private final int heads;
    private final double dropout;
    private final Rng rng;
    private final Linear kProj;
    private final Linear vProj;
    private final Linear qProj;
    private final Linear outProj;
    private final Dropout outDropout;
    private final @Nullable ValueResidual values;

    BartAttention(Bart.Config config, @Nullable ValueResidual values, Rng rng) {
        int width = config.width();
        heads = config.heads();
        dropout = config.dropout();
        this.rng = generator("rng", rng);
        kProj = child("k_proj", Weights.linear(width, width, true, rng));
        vProj = child("v_proj", Weights.linear(width, width, true, rng));
        qProj = child("q_proj", Weights.linear(width, width, true, rng));
        outProj = child("out_proj", Weights.linear(width, width, true, rng));
        outDropout = child("out_dropout", new Dropout(dropout, rng));
        this.values = values == null ? null : child("value_residual", values);
    }

    /// In both directions, `[B, T, E]` → the same.
    Tensor call(Tensor x, @Nullable Tensor mask, ResidualStream stream) {
        return run(
                in -> {
                    Tensor v = mixed(values(in[0]), stream);
                    return new Tensor[] {out(Heads.attend(queries(in[0]), keys(in[0]), v, mask, false, p(), rng))};
                },
                x)[0];
    }

    /// Causal.
    Tensor call(Tensor x, int layer, DecoderContext context, ResidualStream stream) {
        return run(
                in -> {
                    Tensor v = mixed(values(in[0]), stream);
                    Tensor y = Heads.attendCausally(queries(in[0]), keys(in[0]), v, layer, context, p(), rng);
                    return new Tensor[] {out(y)};
                },
                x)[0];
    }

    /// To the source, `[B, T, E]` and `[B, S, E]` → `[B, T, E]`.
    Tensor call(Tensor x, int layer, BartSource source) {
        return run(
                in -> {
                    Tensor encoded = in[1];
                    Tensor[] kv = source.keysValues(layer, () -> new Tensor[] {keys(encoded), values(encoded)});
                    return new Tensor[] {out(Heads.attend(queries(in[0]), kv[0], kv[1], source.mask(), false, p(), rng))
                    };
                },
                x,
                source.encoded())[0];
    }

    private double p() {
        return isTraining() ? dropout : 0;
    }

    private Tensor queries(Tensor x) {
        return Heads.split(qProj.call(x), heads);
    }

    private Tensor keys(Tensor x) {
        return Heads.split(kProj.call(x), heads);
    }

    private Tensor values(Tensor x) {
        return Heads.split(vProj.call(x), heads);
    }

    private Tensor mixed(Tensor own, ResidualStream stream) {
        return values == null ? own : values.call(own, stream);
    }

    private Tensor out(Tensor attended) {
        return outDropout.call(outProj.call(Heads.join(attended)));
    }

    @Override
    protected String extra() {
        return "heads = " + heads + (dropout == 0 ? "" : ", dropout = " + dropout);
    }
}
