package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A block of [BartDecoder]: causal attention, attention to the source, feed-forward.
final class BartDecoderLayer extends Module {
    private final int layer;
    private final BartAttention selfAttention;
    private final LayerNorm selfNorm;
    private final BartAttention sourceAttention;
    private final LayerNorm sourceNorm;
    private final BartFeedForward feedForward;
    private final SubLayers residual;
    private final LayerNorm finalNorm;

    BartDecoderLayer(Bart.Config config, int layer, ResidualStack residuals, Rng rng) {
        int width = config.width();
        this.layer = layer;
        selfAttention = child("self_attn", new BartAttention(config, residuals.values(layer), rng));
        selfNorm = child("self_attn_layer_norm", new LayerNorm(width));
        sourceAttention = child("encoder_attn", new BartAttention(config, null, rng));
        sourceNorm = child("encoder_attn_layer_norm", new LayerNorm(width));
        feedForward = new BartFeedForward(config, this::child, rng);
        residual = child("residual", residuals.block(width));
        finalNorm = child("final_layer_norm", new LayerNorm(width));
    }

    /// Takes the stream `[B, T, E]` past the block.
    void call(ResidualStream stream, BartSource source, DecoderContext context) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> selfAttention.call(x, layer, context, stream))
                                    .withAfter(selfNorm::call),
                            Branch.of(x -> sourceAttention.call(x, layer, source))
                                    .withAfter(sourceNorm::call),
                            Branch.of(feedForward::of).withAfter(finalNorm::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
