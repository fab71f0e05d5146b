package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;

/// Makes networks of one architecture; the generator decides the initial weights.
@FunctionalInterface
public interface NetworkFactory {
    /// A new network. Equal seeds give equal weights.
    Layer create(Rng rng);
}
