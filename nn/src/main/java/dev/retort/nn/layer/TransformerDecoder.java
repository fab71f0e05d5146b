package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// [TransformerDecoderLayer]s on top of each other: `layers.0`, `layers.1`, …, and perhaps a
/// normalisation, `norm`. Unlike PyTorch's, the layers are not copies of one: each is initialised by
/// itself.
public final class TransformerDecoder extends Module {
    private final ModuleList<TransformerDecoderLayer> layers;
    private final @Nullable LayerNorm norm;

    /// A number of layers.
    ///
    /// @param finalNorm whether the result is normalised, as layers with `normFirst` need it
    /// @throws OpException if there is no layer
    public TransformerDecoder(TransformerConfig config, int count, boolean finalNorm, Rng rng) {
        if (count < 1) {
            throw new OpException("transformer: expects layers >= 1, got " + count);
        }
        layers = child("layers", new ModuleList<>());
        for (int i = 0; i < count; i++) {
            layers.add(new TransformerDecoderLayer(config, rng));
        }
        norm = finalNorm ? child("norm", config.norm()) : null;
    }

    /// The layers on a sequence whose positions see those before them and all of the memory.
    public Tensor call(Tensor x, Tensor memory) {
        return call(x, memory, null, true, null);
    }

    /// The layers on a sequence; masks and causality as for [TransformerDecoderLayer].
    public Tensor call(Tensor x, Tensor memory, @Nullable Tensor mask, boolean causal, @Nullable Tensor memoryMask) {
        return run(
                in -> {
                    Tensor y = in[0];
                    for (TransformerDecoderLayer layer : layers) {
                        y = layer.call(y, in[1], mask, causal, memoryMask);
                    }
                    return new Tensor[] {norm == null ? y : norm.call(y)};
                },
                x,
                memory)[0];
    }
}
