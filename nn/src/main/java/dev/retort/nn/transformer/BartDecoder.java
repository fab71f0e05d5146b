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

/// The decoder of [Bart].
final class BartDecoder extends Module {
    private final BartEmbeddings embeddings;
    private final Blocks<BartDecoderLayer> blocks;
    private final ResidualStack residuals;

    BartDecoder(Bart.Config config, Embedding shared, Rng rng) {
        int width = config.width();
        Embedding tokens = child("embed_tokens", shared);
        Embedding positions =
                child("embed_positions", Weights.embedding(config.context() + BartEmbeddings.UNUSED, width, rng));
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.decoderLayers(), 3, rng);
        blocks = child(
                "layers",
                new Blocks<>(config.decoderLayers(), layer -> new BartDecoderLayer(config, layer, residuals, rng)));
        LayerNorm norm = child("layernorm_embedding", new LayerNorm(width));
        Dropout dropout = child("dropout", new Dropout(config.dropout(), rng));
        embeddings = new BartEmbeddings(tokens, positions, norm, dropout, config.context());
    }

    /// `[B, T]` → `[B, T, E]`; appends to the context's cache.
    Tensor call(Tensor ids, BartSource source, DecoderContext context) {
        return run(in -> new Tensor[] {decode(in[0], source, context)}, ids)[0];
    }

    private Tensor decode(Tensor ids, BartSource source, DecoderContext context) {
        ResidualStream stream = residuals.open(embeddings.sum(ids, context));
        for (BartDecoderLayer block : blocks) {
            block.call(stream, source, context);
        }
        KeyValueCache cache = context.cache();
        if (cache != null) {
            cache.advance(ids.size(1));
        }
        return stream.value();
    }
}
