package dev.retort.nn.transformer;

import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// First weights of transformers: normal with standard deviation [#STD], biases 0.
final class Weights {
    static final double STD = 0.02;

    private Weights() {}

    static Linear linear(int in, int out, boolean hasBias, Rng rng) {
        return new Linear(
                new Parameter(Init.normal(Shape.of(out, in), 0, STD, rng)),
                hasBias ? new Parameter(Tensor.zeros(out)) : null);
    }

    static Embedding embedding(int rows, int width, Rng rng) {
        return new Embedding(rows, width, -1, STD, rng);
    }
}
