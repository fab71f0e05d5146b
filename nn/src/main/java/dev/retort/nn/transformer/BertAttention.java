package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.ValueResidual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The attention sub-layer of [Bert]. It holds the norm around itself, under the checkpoints' names; the
/// block applies it.
final class BertAttention extends Module {
    private final @Nullable LayerNorm normFirst;
    private final BertSelfAttention self;
    private final BertOutput output;

    BertAttention(Bert.Config config, @Nullable ValueResidual values, Rng rng) {
        normFirst = config.norm() == Bert.Norm.PRE
                ? child("LayerNorm", new LayerNorm(Shape.of(config.width()), config.eps()))
                : null;
        self = child("self", new BertSelfAttention(config, values, rng));
        output = child("output", new BertOutput(config, config.width(), rng));
    }

    @Nullable
    LayerNorm norm() {
        return normFirst == null ? output.norm() : normFirst;
    }

    /// `[B, T, E]` → `[B, T, E]`.
    Tensor call(Tensor x, @Nullable Tensor mask, ResidualStream stream) {
        return run(in -> new Tensor[] {output.call(self.call(in[0], mask, stream))}, x)[0];
    }
}
