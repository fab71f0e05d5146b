package dev.retort.nn.transformer;

import dev.retort.nn.Buffer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// BART: an encoder that reads a text in both directions and a decoder that writes another, attending to
/// it (Lewis et al., 2019, arXiv 1910.13461); learned positions, norms after the connections, one table of
/// tokens for all.
///
/// **Shape**: source `[B, S]` and target `[B, T]` → logits `[B, T, V]`. Names are Hugging Face's:
/// `model.encoder.layers.0.self_attn.q_proj.weight`, …, `lm_head.weight`. Weights start normal with
/// standard deviation 0.02.
public final class Bart extends Module {
    private final Config config;
    private final BartBody body;
    private final Buffer logitsBias;
    private final Linear lmHead;

    /// What the network looks like.
    ///
    /// @param vocabulary    tokens
    /// @param context       positions of source and target
    /// @param width         features of the stream
    /// @param encoderLayers blocks of the encoder
    /// @param decoderLayers blocks of the decoder
    /// @param heads         attention heads, which divide the width
    /// @param hidden        features inside the feed-forward sub-layers
    /// @param dropout       probability of dropping in training: embeddings, attention weights, outputs
    /// @param residual      how sub-layers join the stream
    public record Config(
            int vocabulary,
            int context,
            int width,
            int encoderLayers,
            int decoderLayers,
            int heads,
            int hidden,
            double dropout,
            ResidualFactory residual) {
        /// Checks the heads.
        public Config {
            Heads.check("bart", width, heads);
        }

        /// As many layers in the decoder as in the encoder, no dropout.
        public static Config of(int vocabulary, int context, int width, int layers, int heads, int hidden) {
            return new Config(vocabulary, context, width, layers, layers, heads, hidden, 0, ResidualFactory.PLAIN);
        }

        /// BART-base: 6 + 6 layers of 768 features; 139,420,416 parameters.
        public static Config base() {
            return of(50265, 1024, 768, 6, 12, 3072);
        }

        /// The same with dropout.
        public Config withDropout(double p) {
            return new Config(vocabulary, context, width, encoderLayers, decoderLayers, heads, hidden, p, residual);
        }

        /// The same with other residual connections.
        public Config withResidual(ResidualFactory other) {
            return new Config(vocabulary, context, width, encoderLayers, decoderLayers, heads, hidden, dropout, other);
        }
    }

    /// A network with random weights.
    public Bart(Config config, Rng rng) {
        this.config = config;
        body = child("model", new BartBody(config, rng));
        logitsBias = buffer("final_logits_bias", new Buffer(Tensor.zeros(1, config.vocabulary), true));
        lmHead = child("lm_head", new Linear(body.tokens().weight(), null));
    }

    /// What the network looks like.
    public Config config() {
        return config;
    }

    /// Logits of the target `[B, T, V]`: position t sees the source and the target's positions 0 … t.
    ///
    /// @param visible which positions of the source may be attended to, `[B, S]` (0 or false for
    ///                padding); null for all
    public Tensor call(Tensor source, @Nullable Tensor visible, Tensor target) {
        return run(in -> new Tensor[] {logits(in[0], visible, in[1])}, source, target)[0];
    }

    private Tensor logits(Tensor source, @Nullable Tensor visible, Tensor target) {
        Tensor mask = mask(source, visible);
        Tensor encoded = body.encoder().call(source, mask);
        return head(body.decoder().call(target, new BartSource(encoded, mask), DecoderContext.NONE));
    }

    private static @Nullable Tensor mask(Tensor source, @Nullable Tensor visible) {
        Heads.checkBeside("bart", "visible", visible, source);
        return visible == null ? null : Heads.keyMask(visible.ne(0));
    }

    private Tensor head(Tensor hidden) {
        return lmHead.call(hidden).add(logitsBias.tensor().reshape(config.vocabulary));
    }

    /// A decoder that writes about `source`, for generation; the encoder runs once, here.
    ///
    /// @param visible as in [#call]
    public Decoder decoder(Tensor source, @Nullable Tensor visible) {
        Tensor mask = mask(source, visible);
        return new Writer(new BartSource(body.encoder().call(source, mask), mask));
    }

    /// The decoder with the encoded source.
    private final class Writer implements Decoder {
        private final BartSource source;

        Writer(BartSource source) {
            this.source = source;
        }

        @Override
        public Tensor next(Tensor ids, DecoderContext context) {
            Tensor hidden = body.decoder().call(ids, source, context);
            return head(hidden.select(1, hidden.size(1) - 1));
        }

        @Override
        public KeyValueCache cache(int capacity) {
            return new KeyValueCache(config.decoderLayers, Math.min(capacity, config.context));
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
        public Device device() {
            return Bart.this.device();
        }

        @Override
        public Decoder select(int... rows) {
            return new Writer(source.select(rows));
        }
    }
}
