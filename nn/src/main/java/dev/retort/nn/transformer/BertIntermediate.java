package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The first half of the feed-forward sub-layer of [Bert]. It holds the norm of its input, if that comes
/// first, under the checkpoints' name; the block applies it.
final class BertIntermediate extends Layer {
    private final @Nullable LayerNorm normFirst;
    private final Linear dense;
    private final GELU act;

    BertIntermediate(Bert.Config config, Rng rng) {
        normFirst = config.norm() == Bert.Norm.PRE
                ? child("LayerNorm", new LayerNorm(Shape.of(config.width()), config.eps()))
                : null;
        dense = child("dense", Weights.linear(config.width(), config.hidden(), true, rng));
        act = child("intermediate_act_fn", new GELU());
    }

    @Nullable
    LayerNorm norm() {
        return normFirst;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return act.call(dense.call(x));
    }
}
