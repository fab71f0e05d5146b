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

/// A block of [BartEncoder].
final class BartEncoderLayer extends Module {
    private final BartAttention attention;
    private final LayerNorm attentionNorm;
    private final BartFeedForward feedForward;
    private final LayerNorm finalNorm;
    private final SubLayers residual;

    BartEncoderLayer(Bart.Config config, int layer, ResidualStack residuals, Rng rng) {
        int width = config.width();
        attention = child("self_attn", new BartAttention(config, residuals.values(layer), rng));
        attentionNorm = child("self_attn_layer_norm", new LayerNorm(width));
        feedForward = new BartFeedForward(config, this::child, rng);
        residual = child("residual", residuals.block(width));
        finalNorm = child("final_layer_norm", new LayerNorm(width));
    }

    /// Takes the stream `[B, S, E]` past the block.
    void call(ResidualStream stream, @Nullable Tensor mask) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> attention.call(x, mask, stream)).withAfter(attentionNorm::call),
                            Branch.of(feedForward::of).withAfter(finalNorm::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
