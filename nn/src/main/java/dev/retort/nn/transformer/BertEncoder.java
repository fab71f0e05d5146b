package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The blocks of [Bert], under `layer`.
final class BertEncoder extends Module {
    private final Blocks<BertLayer> blocks;
    private final ResidualStack residuals;

    BertEncoder(Bert.Config config, Rng rng) {
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, config.layers(), 2, rng);
        blocks = child("layer", new Blocks<>(config.layers(), layer -> new BertLayer(config, layer, residuals, rng)));
    }

    /// The stream after all blocks `[B, T, E]`.
    Tensor call(Tensor x, @Nullable Tensor mask) {
        return run(in -> new Tensor[] {blocks(in[0], mask)}, x)[0];
    }

    private Tensor blocks(Tensor x, @Nullable Tensor mask) {
        ResidualStream stream = residuals.open(x);
        for (BertLayer block : blocks) {
            block.call(stream, mask);
        }
        return stream.value();
    }
}
