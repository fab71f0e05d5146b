package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.RmsNorm;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The part of [Llama] under `model`: embedding, blocks and the final norm.
final class LlamaBody extends Module {
    private final Embedding embedTokens;
    private final Blocks<LlamaBlock> blocks;
    private final RmsNorm norm;
    private final Rotary rotary;
    private final ResidualStack residuals;

    LlamaBody(Llama.Config config, Rng rng) {
        embedTokens = child("embed_tokens", Weights.embedding(config.vocabulary(), config.width(), rng));
        rotary = child("rotary_emb", new Rotary(config.headWidth(), config.context(), config.ropeBase()));
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.layers(), 2, rng);
        blocks = child(
                "layers",
                new Blocks<>(config.layers(), layer -> new LlamaBlock(config, layer, rotary, residuals, rng)));
        norm = child("norm", new RmsNorm(config.width(), config.eps()));
    }

    Embedding tokens() {
        return embedTokens;
    }

    /// Features `[B, T, E]` after the final norm.
    Tensor call(Tensor ids, DecoderContext context) {
        return run(in -> new Tensor[] {features(in[0], context)}, ids)[0];
    }

    private Tensor features(Tensor ids, DecoderContext context) {
        Tensor x = embedTokens.call(ids);
        Tensor[] angles = rotary.angles(CausalModel.positions(ids, context), x);
        ResidualStream stream = residuals.open(x);
        for (LlamaBlock block : blocks) {
            block.call(stream, angles, context);
        }
        return norm.call(stream.value());
    }
}
