package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The sum of token, position and segment embeddings, normed.
final class BertEmbeddings extends Module {
    private final Embedding words;
    private final Embedding positions;
    private final Embedding types;
    private final LayerNorm norm;
    private final Dropout dropout;

    BertEmbeddings(Bert.Config config, Rng rng) {
        int width = config.width();
        words = child("word_embeddings", new Embedding(config.vocabulary(), width, config.padding(), Weights.STD, rng));
        positions = child("position_embeddings", Weights.embedding(config.context(), width, rng));
        types = child("token_type_embeddings", Weights.embedding(config.segments(), width, rng));
        norm = child("LayerNorm", new LayerNorm(Shape.of(width), config.eps()));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
    }

    Embedding words() {
        return words;
    }

    /// `[B, T]` → `[B, T, E]`.
    Tensor call(Tensor ids, @Nullable Tensor segments) {
        return run(in -> new Tensor[] {sum(in[0], segments)}, ids)[0];
    }

    private Tensor sum(Tensor ids, @Nullable Tensor segments) {
        Tensor places = Tensor.arange(ids.size(1)).to(ids.device());
        Tensor kinds = segments == null ? Tensor.of(new long[1]).to(ids.device()) : segments;
        Tensor sum = words.call(ids).add(types.call(kinds)).add(positions.call(places));
        return dropout.call(norm.call(sum));
    }
}
