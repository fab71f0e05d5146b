package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MultiheadAttention;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.nn.residual.SubLayers;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// A block of [VisionTransformer]: attention and feed-forward, each on a normed copy of the stream.
final class VitBlock extends Module {
    private final LayerNorm ln1;
    private final MultiheadAttention attention;
    private final Dropout dropout;
    private final LayerNorm ln2;
    private final Sequential mlp;
    private final SubLayers residual;

    VitBlock(VisionTransformer.Config config, ResidualStack residuals, Rng rng) {
        int width = config.width();
        ln1 = child("ln_1", new LayerNorm(Shape.of(width), 1e-6));
        attention = child(
                "self_attention",
                new MultiheadAttention(
                        MultiheadAttention.Config.of(width, config.heads()).withBatchFirst(), rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        ln2 = child("ln_2", new LayerNorm(Shape.of(width), 1e-6));
        mlp = child(
                "mlp",
                new Sequential(
                        linear(width, config.hidden(), rng),
                        new GELU(),
                        new Dropout(config.dropout(), rng),
                        linear(config.hidden(), width, rng),
                        new Dropout(config.dropout(), rng)));
        residual = child("residual", residuals.block(width));
    }

    private static Linear linear(int in, int out, Rng rng) {
        return new Linear(
                new Parameter(Init.xavierUniform(Shape.of(out, in), 1, rng)),
                new Parameter(Init.normal(Shape.of(out), 0, 1e-6, rng)));
    }

    /// Takes the stream `[N, 1 + P, E]` past the block.
    void call(ResidualStream stream) {
        run(
                in -> {
                    residual.connect(
                            stream,
                            Branch.of(x -> dropout.call(attention.call(x, null, false)))
                                    .withNorm(ln1::call),
                            Branch.of(mlp::call).withNorm(ln2::call));
                    return new Tensor[] {stream.value()};
                },
                stream.value());
    }
}
