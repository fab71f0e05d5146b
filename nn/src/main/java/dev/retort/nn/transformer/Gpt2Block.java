package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A block of [Gpt2]: attention and feed-forward, each on a normed copy of the stream.
final class Gpt2Block extends Module {
    private final LayerNorm ln1;
    private final Gpt2Attention attn;
    private final LayerNorm ln2;
    private final Gpt2Mlp mlp;
    private final SubLayers residual;

    Gpt2Block(Gpt2.Config config, int layer, ResidualStack residuals, Rng rng) {
        int width = config.width();
        ln1 = child("ln_1", new LayerNorm(Shape.of(width), config.eps()));
        attn = child("attn", new Gpt2Attention(config, layer, residuals.values(layer), rng));
        ln2 = child("ln_2", new LayerNorm(Shape.of(width), config.eps()));
        mlp = child("mlp", new Gpt2Mlp(config, rng));
        residual = child("residual", residuals.block(width));
    }

    /// Takes the stream `[B, T, E]` past the block.
    void call(ResidualStream stream, DecoderContext context) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> attn.call(x, stream, context)).withNorm(ln1::call),
                            Branch.of(mlp::call).withNorm(ln2::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
