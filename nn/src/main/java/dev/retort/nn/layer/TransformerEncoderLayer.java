package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Self-attention and two linear layers, each with a residual connection and a normalisation (Vaswani et
/// al., 2017, arXiv 1706.03762); PyTorch's layer, with its names.
///
/// **Shape**: `[T, B, E]` → the same, or `[B, T, E]` with `batchFirst`.
public final class TransformerEncoderLayer extends Module {
    private final TransformerConfig config;
    private final MultiheadAttention attention;
    private final Linear linear1;
    private final Linear linear2;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final Dropout dropout;
    private final Dropout dropout1;
    private final Dropout dropout2;

    /// A layer.
    ///
    /// @param rng initial values and dropout masks; its position is part of a checkpoint
    public TransformerEncoderLayer(TransformerConfig config, Rng rng) {
        this.config = config;
        attention = child("self_attn", new MultiheadAttention(config.attention(), rng));
        linear1 = child("linear1", new Linear(config.width(), config.hidden(), config.hasBias(), rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        linear2 = child("linear2", new Linear(config.hidden(), config.width(), config.hasBias(), rng));
        norm1 = child("norm1", config.norm());
        norm2 = child("norm2", config.norm());
        dropout1 = child("dropout1", new Dropout(config.dropout(), rng));
        dropout2 = child("dropout2", new Dropout(config.dropout(), rng));
    }

    /// The layer on a sequence that may see all of itself.
    public Tensor call(Tensor x) {
        return call(x, null, false);
    }

    /// The layer on a sequence.
    ///
    /// @param mask   broadcasts to `[B, H, T, T]`: `BOOL` (true may attend, unlike in PyTorch's layer) or
    ///     added to
    ///               the scores; null for none
    /// @param causal whether position i sees positions 0 … i only
    public Tensor call(Tensor x, @Nullable Tensor mask, boolean causal) {
        return run(in -> new Tensor[] {layer(in[0], mask, causal)}, x)[0];
    }

    private Tensor layer(Tensor x, @Nullable Tensor mask, boolean causal) {
        if (config.normFirst()) {
            Tensor y = x.add(dropout1.call(attention.call(norm1.call(x), mask, causal)));
            return y.add(feedForward(norm2.call(y)));
        }
        Tensor y = norm1.call(x.add(dropout1.call(attention.call(x, mask, causal))));
        return norm2.call(y.add(feedForward(y)));
    }

    private Tensor feedForward(Tensor x) {
        Tensor hidden = linear1.call(x);
        Tensor active = config.gelu() ? hidden.gelu() : hidden.relu();
        return dropout2.call(linear2.call(dropout.call(active)));
    }

    @Override
    protected String extra() {
        return config.toString();
    }
}
