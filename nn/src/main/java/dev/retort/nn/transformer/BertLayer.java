package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A block of [Bert]: attention and feed-forward.
final class BertLayer extends Module {
    private final Bert.Norm placement;
    private final BertAttention attention;
    private final BertIntermediate intermediate;
    private final BertOutput output;
    private final SubLayers residual;

    BertLayer(Bert.Config config, int layer, ResidualStack residuals, Rng rng) {
        placement = config.norm();
        attention = child("attention", new BertAttention(config, residuals.values(layer), rng));
        intermediate = child("intermediate", new BertIntermediate(config, rng));
        output = child("output", new BertOutput(config, config.hidden(), rng));
        residual = child("residual", residuals.block(config.width()));
    }

    /// Takes the stream `[B, T, E]` past the block.
    void call(ResidualStream stream, @Nullable Tensor mask) {
        run(
                in -> {
                    LayerNorm last = placement == Bert.Norm.PRE ? intermediate.norm() : output.norm();
                    residual.connect(
                            stream,
                            normed(Branch.of(x -> attention.call(x, mask, stream)), attention.norm()),
                            normed(Branch.of(x -> output.call(intermediate.call(x))), last));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }

    private Branch normed(Branch branch, @Nullable LayerNorm norm) {
        if (norm == null) {
            throw new IllegalStateException("bert: expects a norm around each sub-layer");
        }
        return switch (placement) {
            case PRE -> branch.withNorm(norm::call);
            case POST -> branch.withAfter(norm::call);
        };
    }
}
