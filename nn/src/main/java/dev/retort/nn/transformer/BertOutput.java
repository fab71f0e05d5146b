package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The projection into the stream at the end of a sub-layer of [Bert]. It holds the norm of the sum, if that
/// comes after, under the checkpoints' name; the block applies it.
final class BertOutput extends Layer {
    private final Linear dense;
    private final Dropout dropout;
    private final @Nullable LayerNorm normAfter;

    BertOutput(Bert.Config config, int in, Rng rng) {
        int width = config.width();
        dense = child("dense", Weights.linear(in, width, true, rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        normAfter = config.norm() == Bert.Norm.POST
                ? child("LayerNorm", new LayerNorm(Shape.of(width), config.eps()))
                : null;
    }

    @Nullable
    LayerNorm norm() {
        return normAfter;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return dropout.call(dense.call(x));
    }
}
