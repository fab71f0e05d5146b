package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// The part of [Gpt2] under `transformer`: embeddings, blocks and the final norm.
final class Gpt2Body extends Module {
    private final Embedding wte;
    private final Embedding wpe;
    private final Dropout drop;
    private final Blocks<Gpt2Block> blocks;
    private final LayerNorm lnF;
    private final ResidualStack residuals;

    Gpt2Body(Gpt2.Config config, Rng rng) {
        wte = child("wte", Weights.embedding(config.vocabulary(), config.width(), rng));
        wpe = child("wpe", Weights.embedding(config.context(), config.width(), rng));
        drop = child("drop", new Dropout(config.dropout(), rng));
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.layers(), 2, rng);
        blocks = child("h", new Blocks<>(config.layers(), layer -> new Gpt2Block(config, layer, residuals, rng)));
        lnF = child("ln_f", new LayerNorm(Shape.of(config.width()), config.eps()));
    }

    Embedding tokens() {
        return wte;
    }

    /// Features `[B, T, E]` after the final norm.
    Tensor call(Tensor ids, DecoderContext context) {
        return run(in -> new Tensor[] {features(in[0], context)}, ids)[0];
    }

    private Tensor features(Tensor ids, DecoderContext context) {
        Tensor x = wte.call(ids).add(wpe.call(CausalModel.positions(ids, context)));
        ResidualStream stream = residuals.open(drop.call(x));
        for (Gpt2Block block : blocks) {
            block.call(stream, context);
        }
        return lnF.call(stream.value());
    }
}
