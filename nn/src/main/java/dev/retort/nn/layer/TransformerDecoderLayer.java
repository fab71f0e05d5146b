package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Self-attention, attention to an encoder's output and two linear layers, each with a residual
/// connection and a normalisation (Vaswani et al., 2017, arXiv 1706.03762); PyTorch's layer, with its
/// names.
///
/// **Shape**: `[T, B, E]` with memory `[S, B, E]` → `[T, B, E]`; batch first with `batchFirst`.
public final class TransformerDecoderLayer extends Module {
    private final TransformerConfig config;
    private final MultiheadAttention selfAttention;
    private final MultiheadAttention crossAttention;
    private final Linear linear1;
    private final Linear linear2;
    private final LayerNorm norm1;
    private final LayerNorm norm2;
    private final LayerNorm norm3;
    private final Dropout dropout;
    private final Dropout dropout1;
    private final Dropout dropout2;
    private final Dropout dropout3;

    /// A layer.
    ///
    /// @param rng initial values and dropout masks; its position is part of a checkpoint
    public TransformerDecoderLayer(TransformerConfig config, Rng rng) {
        this.config = config;
        selfAttention = child("self_attn", new MultiheadAttention(config.attention(), rng));
        crossAttention = child("multihead_attn", new MultiheadAttention(config.attention(), rng));
        linear1 = child("linear1", new Linear(config.width(), config.hidden(), config.hasBias(), rng));
        dropout = child("dropout", new Dropout(config.dropout(), rng));
        linear2 = child("linear2", new Linear(config.hidden(), config.width(), config.hasBias(), rng));
        norm1 = child("norm1", config.norm());
        norm2 = child("norm2", config.norm());
        norm3 = child("norm3", config.norm());
        dropout1 = child("dropout1", new Dropout(config.dropout(), rng));
        dropout2 = child("dropout2", new Dropout(config.dropout(), rng));
        dropout3 = child("dropout3", new Dropout(config.dropout(), rng));
    }

    /// The layer on a sequence whose positions see those before them and all of the memory.
    public Tensor call(Tensor x, Tensor memory) {
        return call(x, memory, null, true, null);
    }

    /// The layer on a sequence.
    ///
    /// @param mask       broadcasts to `[B, H, T, T]`: `BOOL` (true may attend, unlike in PyTorch's
    ///     layer) or added
    ///                   to the scores; null for none
    /// @param causal     whether position i sees positions 0 … i only
    /// @param memoryMask broadcasts to `[B, H, T, S]`, as the other mask
    public Tensor call(Tensor x, Tensor memory, @Nullable Tensor mask, boolean causal, @Nullable Tensor memoryMask) {
        return run(in -> new Tensor[] {layer(in[0], in[1], mask, causal, memoryMask)}, x, memory)[0];
    }

    private Tensor layer(Tensor x, Tensor memory, @Nullable Tensor mask, boolean causal, @Nullable Tensor memoryMask) {
        if (config.normFirst()) {
            Tensor y = x.add(dropout1.call(selfAttention.call(norm1.call(x), mask, causal)));
            Tensor seen = crossAttention.call(norm2.call(y), memory, memory, memoryMask, false);
            Tensor z = y.add(dropout2.call(seen));
            return z.add(feedForward(norm3.call(z)));
        }
        Tensor y = norm1.call(x.add(dropout1.call(selfAttention.call(x, mask, causal))));
        Tensor seen = crossAttention.call(y, memory, memory, memoryMask, false);
        Tensor z = norm2.call(y.add(dropout2.call(seen)));
        return norm3.call(z.add(feedForward(z)));
    }

    private Tensor feedForward(Tensor x) {
        Tensor hidden = linear1.call(x);
        Tensor active = config.gelu() ? hidden.gelu() : hidden.relu();
        return dropout3.call(linear2.call(dropout.call(active)));
    }

    @Override
    protected String extra() {
        return config.toString();
    }
}
