package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Encoder and decoder, both with a normalisation at the end (Vaswani et al., 2017, arXiv 1706.03762);
/// PyTorch's module with its names. Embeddings and the last projection are the caller's.
///
/// **Shape**: source `[S, B, E]` and target `[T, B, E]` → `[T, B, E]`; batch first with `batchFirst`.
/// **Parameters**: matrices Xavier uniform at first.
public final class Transformer extends Module {
    private final TransformerEncoder encoder;
    private final TransformerDecoder decoder;

    /// 512 features, 8 heads, 6 layers on either side.
    public Transformer(Rng rng) {
        this(TransformerConfig.of(512, 8), 6, 6, rng);
    }

    /// Configured layers.
    ///
    /// @param rng initial values and dropout masks; its position is part of a checkpoint
    public Transformer(TransformerConfig config, int encoderLayers, int decoderLayers, Rng rng) {
        encoder = child("encoder", new TransformerEncoder(config, encoderLayers, true, rng));
        decoder = child("decoder", new TransformerDecoder(config, decoderLayers, true, rng));
        for (Parameter parameter : parameters()) {
            if (parameter.shape().rank() > 1) {
                parameter.set(Init.xavierUniform(parameter.shape(), 1, rng));
            }
        }
    }

    /// The decoder's output for a target whose positions see those before them.
    public Tensor call(Tensor source, Tensor target) {
        return call(source, target, null, null, true);
    }

    /// The decoder's output.
    ///
    /// @param sourceMask broadcasts to `[B, H, S, S]` and `[B, H, T, S]`, such as `[B, 1, 1, S]` for
    ///     padded sources:
    ///                   `BOOL` (true may attend) or added to the scores; null for none
    /// @param targetMask broadcasts to `[B, H, T, T]`, as the other mask
    /// @param causal     whether position i of the target sees positions 0 … i only
    public Tensor call(
            Tensor source, Tensor target, @Nullable Tensor sourceMask, @Nullable Tensor targetMask, boolean causal) {
        return run(
                in -> {
                    Tensor memory = encoder.call(in[0], sourceMask, false);
                    return new Tensor[] {decoder.call(in[1], memory, targetMask, causal, sourceMask)};
                },
                source,
                target)[0];
    }

    /// A mask for attention to sequences of which only the first `lengths[b]` of `size` positions
    /// count: `BOOL` `[B, 1, 1, size]`, true where they do.
    public static Tensor lengthMask(int size, int... lengths) {
        boolean[] on = new boolean[lengths.length * size];
        for (int b = 0; b < lengths.length; b++) {
            java.util.Arrays.fill(on, b * size, b * size + Math.min(size, lengths[b]), true);
        }
        return Tensor.of(on, lengths.length, 1, 1, size);
    }
}
