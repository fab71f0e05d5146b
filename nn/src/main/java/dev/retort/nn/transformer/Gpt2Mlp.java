package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.GELU;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The feed-forward sub-layer of [Gpt2].
final class Gpt2Mlp extends Layer {
    private final TransposedLinear cFc;
    private final GELU act;
    private final TransposedLinear cProj;
    private final Dropout dropout;

    Gpt2Mlp(Gpt2.Config config, Rng rng) {
        cFc = child("c_fc", new TransposedLinear(config.width(), config.hidden(), Weights.STD, rng));
        act = child("act", new GELU(true));
        double std = Weights.STD / Math.sqrt(2.0 * config.layers());
        cProj = child("c_proj", new TransposedLinear(config.hidden(), config.width(), std, rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return dropout.call(cProj.call(act.call(cFc.call(x))));
    }
}
