package dev.retort.nn.residual;

/// Where in a model a connection stands.
///
/// @param index     number of the connection, from 0
/// @param count     connections of the model
/// @param channels  width of the stream after the connection, D
/// @param available values of the stream with this shape, counting the current one: connections since the
///                  last change of shape plus one
/// @param projected whether a shortcut changes the stream's shape here
/// @param subLayer  number of the sub-layer in its block, from 0: in transformers 0 is self-attention
/// @param layout    where the channels are
public record ResidualPlace(
        int index, int count, int channels, int available, boolean projected, int subLayer, Layout layout) {

    /// Which dimension of the stream holds the channels.
    public enum Layout {
        /// Pictures `[N, D, H, W]`.
        CHANNELS_FIRST,
        /// Tokens `[B, T, D]`, or any `[..., D]`.
        CHANNELS_LAST
    }
}
