package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// [TransformerEncoderLayer]s on top of each other: `layers.0`, `layers.1`, …, and perhaps a
/// normalisation, `norm`. Unlike PyTorch's, the layers are not copies of one: each is initialised by
/// itself.
public final class TransformerEncoder extends Module {
    private final ModuleList<TransformerEncoderLayer> layers;
    private final @Nullable LayerNorm norm;

    /// A number of layers.
    ///
    /// @param finalNorm whether the result is normalised, as layers with `normFirst` need it
    /// @throws OpException if there is no layer
    public TransformerEncoder(TransformerConfig config, int count, boolean finalNorm, Rng rng) {
        if (count < 1) {
            throw new OpException("transformer: expects layers >= 1, got " + count);
        }
        layers = child("layers", new ModuleList<>());
        for (int i = 0; i < count; i++) {
            layers.add(new TransformerEncoderLayer(config, rng));
        }
        norm = finalNorm ? child("norm", config.norm()) : null;
    }

    /// The layers on a sequence that may see all of itself.
    public Tensor call(Tensor x) {
        return call(x, null, false);
    }

    /// The layers on a sequence; mask and causality as for [TransformerEncoderLayer].
    public Tensor call(Tensor x, @Nullable Tensor mask, boolean causal) {
        return run(
                in -> {
                    Tensor y = in[0];
                    for (TransformerEncoderLayer layer : layers) {
                        y = layer.call(y, mask, causal);
                    }
                    return new Tensor[] {norm == null ? y : norm.call(y)};
                },
                x)[0];
    }
}
