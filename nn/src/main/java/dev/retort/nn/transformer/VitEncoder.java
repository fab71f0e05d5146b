package dev.retort.nn.transformer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// Positions, blocks and the final norm of [VisionTransformer]: `[N, 1 + P, E]` → the same.
final class VitEncoder extends Layer {
    private final Parameter positions;
    private final Dropout dropout;
    private final Blocks<VitBlock> blocks;
    private final LayerNorm ln;
    private final ResidualStack residuals;

    VitEncoder(VisionTransformer.Config config, Rng rng) {
        int side = config.size() / config.patch();
        Shape shape = Shape.of(1, side * side + 1, config.width());
        positions = parameter("pos_embedding", Init.normal(shape, 0, Weights.STD, rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        if (config.residual().values(0) != null) {
            throw new OpException("vit: expects a connection other than value residuals, which torchvision's attention"
                    + " cannot take; Deit can");
        }
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.layers(), 2, rng);
        blocks = child(
                "layers", new Blocks<>("encoder_layer_", config.layers(), _ -> new VitBlock(config, residuals, rng)));
        ln = child("ln", new LayerNorm(Shape.of(config.width()), 1e-6));
    }

    @Override
    protected Tensor forward(Tensor tokens) {
        ResidualStream stream = residuals.open(dropout.call(tokens.add(positions.value())));
        for (VitBlock block : blocks) {
            block.call(stream);
        }
        return ln.call(stream.value());
    }
}
