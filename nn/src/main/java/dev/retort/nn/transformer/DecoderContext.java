package dev.retort.nn.transformer;

import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// What a call of a decoder knows besides its tokens `[B, T]`.
///
/// @param cache     earlier positions, to which the call appends its own; null for none
/// @param visible   which of the S = cached + T positions may be attended to, `BOOL` `[B, S]` (false for
///                  padding); null for all
/// @param positions places of the tokens, `I64` `[B, T]`; null for consecutive ones after the cache
public record DecoderContext(
        @Nullable KeyValueCache cache,
        @Nullable Tensor visible,
        @Nullable Tensor positions) {
    /// Whole sequences without padding.
    public static final DecoderContext NONE = new DecoderContext(null, null, null);

    /// Continues after `cache`, without padding.
    public static DecoderContext of(KeyValueCache cache) {
        return new DecoderContext(cache, null, null);
    }

    /// Cached positions.
    public int past() {
        return cache == null ? 0 : cache.length();
    }
}
