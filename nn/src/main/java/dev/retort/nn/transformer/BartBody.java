package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Embedding;
import dev.retort.tensor.Rng;

/// The part of [Bart] under `model`: the shared table of tokens, the encoder and the decoder.
final class BartBody extends Module {
    private final Embedding shared;
    private final BartEncoder encoder;
    private final BartDecoder decoder;

    BartBody(Bart.Config config, Rng rng) {
        shared = child("shared", Weights.embedding(config.vocabulary(), config.width(), rng));
        encoder = child("encoder", new BartEncoder(config, shared, rng));
        decoder = child("decoder", new BartDecoder(config, shared, rng));
    }

    Embedding tokens() {
        return shared;
    }

    BartEncoder encoder() {
        return encoder;
    }

    BartDecoder decoder() {
        return decoder;
    }
}
