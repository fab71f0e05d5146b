package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The encoder of [Bart].
final class BartEncoder extends Module {
    private final BartEmbeddings embeddings;
    private final Blocks<BartEncoderLayer> blocks;
    private final ResidualStack residuals;

    BartEncoder(Bart.Config config, Embedding shared, Rng rng) {
        int width = config.width();
        Embedding tokens = child("embed_tokens", shared);
        Embedding positions =
                child("embed_positions", Weights.embedding(config.context() + BartEmbeddings.UNUSED, width, rng));
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.encoderLayers(), 2, rng);
        blocks = child(
                "layers",
                new Blocks<>(config.encoderLayers(), layer -> new BartEncoderLayer(config, layer, residuals, rng)));
        LayerNorm norm = child("layernorm_embedding", new LayerNorm(width));
        Dropout dropout = child("dropout", new Dropout(config.dropout(), rng));
        embeddings = new BartEmbeddings(tokens, positions, norm, dropout, config.context());
    }

    /// `[B, S]` → `[B, S, E]`.
    Tensor call(Tensor ids, @Nullable Tensor mask) {
        return run(in -> new Tensor[] {encode(in[0], mask)}, ids)[0];
    }

    private Tensor encode(Tensor ids, @Nullable Tensor mask) {
        ResidualStream stream = residuals.open(embeddings.sum(ids, DecoderContext.NONE));
        for (BartEncoderLayer block : blocks) {
            block.call(stream, mask);
        }
        return stream.value();
    }
}
