package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.RmsNorm;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The part of [Llama] under `model`: embedding, blocks and the final norm.
final class LlamaBody extends Module {
    private final Embedding embedTokens;
    private final Blocks<LlamaBlock> blocks;
    private final RmsNorm norm;
    private final Rotary rotary;
    private final boolean keepsHistory;

    LlamaBody(Llama.Config config, Rng rng) {
        embedTokens = child("embed_tokens", Weights.embedding(config.vocabulary(), config.width(), rng));
        rotary = child("rotary_emb", new Rotary(config.headWidth(), config.context(), config.ropeBase()));
        blocks = child("layers", new Blocks<>(config.layers(), layer -> new LlamaBlock(config, layer, rotary, rng)));
        norm = child("norm", new RmsNorm(config.width(), config.eps()));
        keepsHistory = ResidualStream.isRead(this);
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
        ResidualStream stream = ResidualStream.of(keepsHistory, x);
        for (LlamaBlock block : blocks) {
            x = block.call(x, angles, stream, context);
        }
        return norm.call(x);
    }
}
