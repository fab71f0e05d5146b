package dev.retort.nn.transformer;

import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The modern decoder: RMS norm before each sub-layer, rotary positions, SwiGLU, grouped-query attention,
/// no biases (Touvron et al., "Llama 2", 2023, arXiv 2307.09288).
///
/// **Shape**: token indices `[B, T]` → logits `[B, T, V]`. Names are Hugging Face's:
/// `model.layers.0.self_attn.q_proj.weight`, …, `lm_head.weight`; they fit Llama, Mistral, TinyLlama and,
/// with [Config#withAttentionBias], Qwen 2. Weights start normal with standard deviation 0.02.
public final class Llama extends CausalModel {
    private final Config config;
    private final LlamaBody body;
    private final Linear lmHead;

    /// What the network looks like.
    ///
    /// @param vocabulary    tokens
    /// @param context       positions
    /// @param width         features of the stream
    /// @param layers        blocks
    /// @param heads         heads of the queries
    /// @param groups        heads of the keys and values, which divide `heads`
    /// @param headWidth     features of a head, even
    /// @param hidden        features inside the feed-forward sub-layer
    /// @param ropeBase      base of the rotary wavelengths
    /// @param eps           of the RMS norms
    /// @param tied          whether the head is the embedding's table
    /// @param attentionBias whether query, key and value projections have biases
    /// @param residual      how sub-layers, or whole blocks, join the stream
    public record Config(
            int vocabulary,
            int context,
            int width,
            int layers,
            int heads,
            int groups,
            int headWidth,
            int hidden,
            double ropeBase,
            double eps,
            boolean tied,
            boolean attentionBias,
            ResidualFactory residual) {
        /// Checks the heads.
        public Config {
            if (groups < 1 || heads % groups != 0) {
                throw new OpException(
                        "llama: expects query heads divisible by key heads, got " + heads + " and " + groups);
            }
        }

        /// A network with width/heads features a head, base 10,000, eps 1e-5, an own head and no biases.
        public static Config of(int vocabulary, int context, int width, int layers, int heads, int groups, int hidden) {
            Heads.check("llama", width, heads);
            return new Config(
                    vocabulary,
                    context,
                    width,
                    layers,
                    heads,
                    groups,
                    width / heads,
                    hidden,
                    10_000,
                    1e-5,
                    false,
                    false,
                    ResidualFactory.PLAIN);
        }

        /// TinyLlama: 22 layers of 2,048 features, 32 heads on 4 groups; 1,100,048,384 parameters.
        public static Config tinyLlama() {
            return of(32000, 2048, 2048, 22, 32, 4, 5632);
        }

        /// Llama 2 with 7 billion parameters: 6,738,415,616.
        public static Config llama2With7Billion() {
            return of(32000, 4096, 4096, 32, 32, 32, 11008);
        }

        /// The same with a head tied to the embedding.
        public Config withTiedHead() {
            return copy(ropeBase, true, attentionBias, residual);
        }

        /// The same with biases on query, key and value, as in Qwen 2.
        public Config withAttentionBias() {
            return copy(ropeBase, tied, true, residual);
        }

        /// The same with another base of the rotary wavelengths.
        public Config withRopeBase(double other) {
            return copy(other, tied, attentionBias, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return copy(ropeBase, tied, attentionBias, other);
        }

        private Config copy(double newBase, boolean newTied, boolean newBias, ResidualFactory newResidual) {
            return new Config(
                    vocabulary,
                    context,
                    width,
                    layers,
                    heads,
                    groups,
                    headWidth,
                    hidden,
                    newBase,
                    eps,
                    newTied,
                    newBias,
                    newResidual);
        }
    }

    /// A network with random weights.
    public Llama(Config config, Rng rng) {
        this.config = config;
        body = child("model", new LlamaBody(config, rng));
        lmHead = child(
                "lm_head",
                config.tied
                        ? new Linear(body.tokens().weight(), null)
                        : Weights.linear(config.width, config.vocabulary, false, rng));
    }

    /// What the network looks like.
    public Config config() {
        return config;
    }

    @Override
    protected Tensor hidden(Tensor ids, DecoderContext context) {
        return body.call(ids, context);
    }

    @Override
    protected Tensor head(Tensor hidden) {
        return lmHead.call(hidden);
    }

    @Override
    public int contextLength() {
        return config.context;
    }

    @Override
    public int vocabulary() {
        return config.vocabulary;
    }

    @Override
    public int layers() {
        return config.layers;
    }
}
