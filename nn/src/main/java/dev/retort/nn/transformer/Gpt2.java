package dev.retort.nn.transformer;

import dev.retort.nn.StateNames;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// GPT-2: learned positions, layer norm before each sub-layer, tanh-GELU, a head tied to the embedding
/// (Radford et al., "Language models are unsupervised multitask learners", 2019).
///
/// **Shape**: token indices `[B, T]` → logits `[B, T, V]`. Names are Hugging Face's:
/// `transformer.h.0.attn.c_attn.weight`, …, `lm_head.weight`. Weights start normal with standard
/// deviation 0.02, the projections into the stream with 0.02/√(2·layers).
public final class Gpt2 extends CausalModel {
    /// From the names of the public checkpoints (`h.0.attn.c_attn.weight`, with constants of the mask) to
    /// those of this class: `model.loadStateDict(Gpt2.PUBLIC_NAMES.apply(Safetensors.read(file)))`.
    public static final StateNames PUBLIC_NAMES =
            StateNames.none().without("\\.attn\\.(masked_)?bias$").renaming("^(wte|wpe|h|ln_f)\\.", "transformer.$1.");

    private final Config config;
    private final Gpt2Body body;
    private final Linear lmHead;

    /// What the network looks like.
    ///
    /// @param vocabulary tokens
    /// @param context    positions
    /// @param width      features of the stream
    /// @param layers     blocks
    /// @param heads      attention heads, which divide the width
    /// @param hidden     features inside the feed-forward sub-layer
    /// @param eps        of the layer norms
    /// @param dropout    probability of dropping in training: embeddings, attention weights, outputs
    /// @param residual   how sub-layers, or whole blocks, join the stream
    public record Config(
            int vocabulary,
            int context,
            int width,
            int layers,
            int heads,
            int hidden,
            double eps,
            double dropout,
            ResidualFactory residual) {
        /// Checks the heads.
        public Config {
            Heads.check("gpt2", width, heads);
        }

        /// A network with a feed-forward width of four times the stream's, eps 1e-5 and no dropout.
        public static Config of(int vocabulary, int context, int width, int layers, int heads) {
            return new Config(vocabulary, context, width, layers, heads, 4 * width, 1e-5, 0, ResidualFactory.PLAIN);
        }

        /// GPT-2 small: 50,257 tokens, 1,024 positions, 12 layers of 768 features; 124,439,808 parameters.
        public static Config small() {
            return of(50257, 1024, 768, 12, 12);
        }

        /// GPT-2 medium: 24 layers of 1,024 features; 354,823,168 parameters.
        public static Config medium() {
            return of(50257, 1024, 1024, 24, 16);
        }

        /// The same with dropout.
        public Config withDropout(double p) {
            return new Config(vocabulary, context, width, layers, heads, hidden, eps, p, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(vocabulary, context, width, layers, heads, hidden, eps, dropout, other);
        }
    }

    /// A network with random weights.
    public Gpt2(Config config, Rng rng) {
        this.config = config;
        body = child("transformer", new Gpt2Body(config, rng));
        lmHead = child("lm_head", new Linear(body.tokens().weight(), null));
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
