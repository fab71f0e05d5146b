package dev.retort.nn.inference;

import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.transformer.TransposedLinear;

/// Lets the linear layers of a network answer with narrow copies of their weights.
///
/// ```java
/// network.eval();
/// NarrowWeights.use(network, WeightPrecision.INT8);
/// ```
///
/// Only calls in evaluation mode without recording use the copies; training, state dicts and
/// gradients see the weights as ever. The copies do not follow later changes of the weights: call
/// again after those. Embeddings, convolutions and norms stay as they are; a head tied to an
/// embedding gets a copy of its own.
public final class NarrowWeights {
    private NarrowWeights() {}

    /// Makes the copies; returns their bytes.
    public static long use(Module network, WeightPrecision precision) {
        long bytes = 0;
        for (Module module : network.modules().values()) {
            switch (module) {
                case Linear linear -> {
                    NarrowWeight narrow = precision.of(linear.weight().value());
                    linear.answerWith(narrow);
                    bytes += narrow.bytes();
                }
                case TransposedLinear linear -> {
                    NarrowWeight narrow = precision.of(linear.weight().value().t());
                    linear.answerWith(narrow);
                    bytes += narrow.bytes();
                }
                default -> {}
            }
        }
        return bytes;
    }

    /// Drops the copies.
    public static void drop(Module network) {
        for (Module module : network.modules().values()) {
            switch (module) {
                case Linear linear -> linear.answerWith(null);
                case TransposedLinear linear -> linear.answerWith(null);
                default -> {}
            }
        }
    }
}
