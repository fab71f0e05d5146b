package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// The head of [BertMaskedLm]: linear, GELU, norm, and a projection tied to the table of tokens.
final class BertPredictions extends Layer {
    private final Transform transform;
    private final Linear decoder;

    BertPredictions(Bert.Config config, Embedding tokens, Rng rng) {
        Parameter bias = parameter("bias", Tensor.zeros(config.vocabulary()));
        transform = child("transform", new Transform(config, rng));
        decoder = child("decoder", new Linear(tokens.weight(), bias));
    }

    @Override
    protected Tensor forward(Tensor hidden) {
        return decoder.call(transform.call(hidden));
    }

    /// Linear, GELU, norm.
    private static final class Transform extends Layer {
        private final Linear dense;
        private final GELU act;
        private final LayerNorm norm;

        Transform(Bert.Config config, Rng rng) {
            dense = child("dense", Weights.linear(config.width(), config.width(), true, rng));
            act = child("transform_act_fn", new GELU());
            norm = child("LayerNorm", new LayerNorm(Shape.of(config.width()), config.eps()));
        }

        @Override
        protected Tensor forward(Tensor hidden) {
            return norm.call(act.call(dense.call(hidden)));
        }
    }

    /// The name `cls` above the head.
    static final class Holder extends Module {
        private final BertPredictions predictions;

        Holder(Bert.Config config, Embedding tokens, Rng rng) {
            predictions = child("predictions", new BertPredictions(config, tokens, rng));
        }

        BertPredictions predictions() {
            return predictions;
        }
    }
}
