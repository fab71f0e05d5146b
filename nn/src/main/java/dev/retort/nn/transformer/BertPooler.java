package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.Tanh;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// tanh of a linear layer on the first position: `[B, T, E]` → `[B, E]`.
final class BertPooler extends Layer {
    private final Linear dense;
    private final Tanh activation;

    BertPooler(int width, Rng rng) {
        dense = child("dense", Weights.linear(width, width, true, rng));
        activation = child("activation", new Tanh());
    }

    @Override
    protected Tensor forward(Tensor hidden) {
        return activation.call(dense.call(hidden.select(1, 0)));
    }
}
