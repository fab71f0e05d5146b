package dev.retort.nn.transformer;

import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;

/// What generation needs of a model: the logits of the next token, and a cache.
public interface Decoder {
    /// Logits of the token after the last position, `[B, T]` → `[B, V]`.
    Tensor next(Tensor ids, DecoderContext context);

    /// An empty cache.
    KeyValueCache cache(int capacity);

    /// Largest number of positions, prompt and generated tokens together.
    int contextLength();

    /// Number of tokens V.
    int vocabulary();

    /// Where the weights are: token indices belong there too.
    default Device device() {
        return Device.CPU;
    }

    /// The decoder whose sequences are the given rows of this one's, in that order. Decoders that keep
    /// nothing a sequence are the same for all rows.
    default Decoder select(int... rows) {
        return this;
    }
}
