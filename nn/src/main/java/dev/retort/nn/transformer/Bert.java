package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// BERT's encoder: token, position and segment embeddings, and blocks that see in both directions (Devlin et
/// al., 2018, arXiv 1810.04805).
///
/// **Shape**: token indices `[B, T]` → features `[B, T, E]`; positions that hold the padding token are not
/// attended to. Names are Hugging Face's: `encoder.layer.0.attention.self.query.weight`, …; with norms
/// first they are those of its `roberta-prelayernorm`. Weights start normal with standard deviation 0.02.
public final class Bert extends Layer {
    private final Config config;
    private final BertEmbeddings embeddings;
    private final BertEncoder encoder;
    private final @Nullable LayerNorm finalNorm;
    private final @Nullable BertPooler pooler;

    /// Where a block norms the stream.
    public enum Norm {
        /// After each connection, as in the paper: the stream itself is normed.
        POST,
        /// On the copy that a sub-layer reads, with one more norm at the end (Xiong et al., 2020, arXiv
        /// 2002.04745).
        PRE
    }

    /// What the network looks like.
    ///
    /// @param vocabulary tokens
    /// @param context    positions
    /// @param segments   token types
    /// @param width      features of the stream
    /// @param layers     blocks
    /// @param heads      attention heads, which divide the width
    /// @param hidden     features inside the feed-forward sub-layer
    /// @param norm       where a block norms the stream
    /// @param eps        of the layer norms
    /// @param padding    token that fills up sequences
    /// @param pooled     whether there is a pooler: tanh of a linear layer on the first position
    /// @param dropout    probability of dropping in training: embeddings, attention weights, outputs
    /// @param residual   how sub-layers, or whole blocks, join the stream
    public record Config(
            int vocabulary,
            int context,
            int segments,
            int width,
            int layers,
            int heads,
            int hidden,
            Norm norm,
            double eps,
            int padding,
            boolean pooled,
            double dropout,
            ResidualFactory residual) {
        /// Checks the heads.
        public Config {
            Heads.check("bert", width, heads);
        }

        /// A network with two segments, norms after, eps 1e-12, padding 0, a pooler and no dropout.
        public static Config of(int vocabulary, int context, int width, int layers, int heads, int hidden) {
            return new Config(
                    vocabulary,
                    context,
                    2,
                    width,
                    layers,
                    heads,
                    hidden,
                    Norm.POST,
                    1e-12,
                    0,
                    true,
                    0,
                    ResidualFactory.PLAIN);
        }

        /// BERT-base, uncased: 30,522 tokens, 12 layers of 768 features; 109,482,240 parameters.
        public static Config base() {
            return of(30522, 512, 768, 12, 12, 3072);
        }

        /// all-MiniLM-L6-v2: 6 layers of 384 features; 22,713,216 parameters.
        public static Config miniLm() {
            return of(30522, 512, 384, 6, 12, 1536);
        }

        /// The same with norms elsewhere.
        public Config withNorm(Norm other) {
            return copy(other, pooled, dropout, residual);
        }

        /// The same without the pooler.
        public Config withoutPooler() {
            return copy(norm, false, dropout, residual);
        }

        /// The same with dropout.
        public Config withDropout(double p) {
            return copy(norm, pooled, p, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return copy(norm, pooled, dropout, other);
        }

        private Config copy(Norm newNorm, boolean newPooled, double newDropout, ResidualFactory newResidual) {
            return new Config(
                    vocabulary,
                    context,
                    segments,
                    width,
                    layers,
                    heads,
                    hidden,
                    newNorm,
                    eps,
                    padding,
                    newPooled,
                    newDropout,
                    newResidual);
        }
    }

    /// What an encoding gives.
    ///
    /// @param hidden features `[B, T, E]`
    /// @param pooled a vector a text, `[B, E]`
    public record Output(Tensor hidden, Tensor pooled) {}

    /// A network with random weights.
    public Bert(Config config, Rng rng) {
        this.config = config;
        embeddings = child("embeddings", new BertEmbeddings(config, rng));
        encoder = child("encoder", new BertEncoder(config, rng));
        finalNorm =
                config.norm == Norm.PRE ? child("LayerNorm", new LayerNorm(Shape.of(config.width), config.eps)) : null;
        pooler = config.pooled ? child("pooler", new BertPooler(config.width, rng)) : null;
    }

    /// What the network looks like.
    public Config config() {
        return config;
    }

    /// The table of tokens, to which a language-model head is tied.
    Embedding tokens() {
        return embeddings.words();
    }

    @Override
    protected Tensor forward(Tensor ids) {
        return hidden(ids, ids.ne(config.padding), null);
    }

    /// Features `[B, T, E]` with a mask and segments of the caller's.
    ///
    /// @param visible which positions may be attended to, `[B, T]` (0 or false for padding); null for all
    /// @param types   segments `[B, T]`; null for segment 0
    public Tensor call(Tensor ids, @Nullable Tensor visible, @Nullable Tensor types) {
        return run(in -> new Tensor[] {hidden(in[0], visible, types)}, ids)[0];
    }

    /// Features and pooled vectors; [#call(Tensor, Tensor, Tensor)] has the parameters.
    ///
    /// @throws OpException if the network has no pooler
    public Output encode(Tensor ids, @Nullable Tensor visible, @Nullable Tensor types) {
        Tensor[] both = run(
                in -> {
                    Tensor hidden = hidden(in[0], visible, types);
                    return new Tensor[] {hidden, pool(hidden)};
                },
                ids);
        return new Output(both[0], both[1]);
    }

    /// Pooled vectors `[B, E]`; the padding token is not attended to.
    ///
    /// @throws OpException if the network has no pooler
    public Tensor pooled(Tensor ids) {
        return encode(ids, ids.ne(config.padding), null).pooled;
    }

    private Tensor pool(Tensor hidden) {
        if (pooler == null) {
            throw new OpException("bert: expects a configuration with a pooler for pooled vectors");
        }
        return pooler.call(hidden);
    }

    private Tensor hidden(Tensor ids, @Nullable Tensor visible, @Nullable Tensor types) {
        if (ids.rank() != 2 || ids.dtype().isFloating() || ids.size(1) == 0 || ids.size(1) > config.context) {
            throw new OpException(
                    "bert: expects token indices [B, T] with T from 1 to " + config.context + ", got " + ids.type());
        }
        Heads.checkBeside("bert", "visible", visible, ids);
        Heads.checkBeside("bert", "types", types, ids);
        Tensor mask = visible == null ? null : Heads.keyMask(visible.ne(0));
        Tensor hidden = encoder.call(embeddings.call(ids, types), mask);
        return finalNorm == null ? hidden : finalNorm.call(hidden);
    }
}
