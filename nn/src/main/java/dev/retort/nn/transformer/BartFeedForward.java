package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Linear, GELU, linear. The layers are children of the block that owns this, as in the checkpoints.
final class BartFeedForward {
    private final Linear fc1;
    private final GELU act;
    private final Linear fc2;
    private final Dropout dropout;

    /// Gives a child of a block its name.
    interface Naming {
        <L extends Layer> L child(String name, L layer);
    }

    BartFeedForward(Bart.Config config, Naming owner, Rng rng) {
        fc1 = owner.child("fc1", Weights.linear(config.width(), config.hidden(), true, rng));
        act = owner.child("activation_fn", new GELU());
        fc2 = owner.child("fc2", Weights.linear(config.hidden(), config.width(), true, rng));
        dropout = owner.child("dropout", new Dropout(config.dropout(), rng));
    }

    Tensor of(Tensor x) {
        return dropout.call(fc2.call(act.call(fc1.call(x))));
    }
}
