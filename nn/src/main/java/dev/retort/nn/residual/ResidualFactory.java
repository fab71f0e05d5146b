package dev.retort.nn.residual;

import dev.retort.tensor.Rng;

/// Makes the residual connection of each block of a model.
@FunctionalInterface
public interface ResidualFactory {
    /// x + f(x) everywhere.
    ResidualFactory PLAIN = (block, blocks, channels, rng) -> new PlainResidual();

    /// The connection of block number `block` of `blocks` (from 0), on a stream of `channels` channels.
    Residual create(int block, int blocks, int channels, Rng rng);
}
