package dev.retort.nn.layer;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;

/// What [TransformerEncoderLayer] and [TransformerDecoderLayer] look like; the defaults are PyTorch's.
///
/// @param width      features, E
/// @param heads      attention heads that share them
/// @param hidden     features between the two linear layers
/// @param dropout    probability of dropping an element, in training
/// @param gelu       whether GELU takes the place of ReLU
/// @param eps        added to the variance in the normalisations
/// @param batchFirst whether sequences are `[B, T, E]` instead of `[T, B, E]`
/// @param normFirst  whether each part is normalised before it instead of after the sum
/// @param hasBias    whether linear layers and normalisations have biases
public record TransformerConfig(
        int width,
        int heads,
        int hidden,
        double dropout,
        boolean gelu,
        double eps,
        boolean batchFirst,
        boolean normFirst,
        boolean hasBias) {
    /// Checks the ranges; the attention checks heads and dropout.
    ///
    /// @throws OpException if the hidden layer has no features
    public TransformerConfig {
        if (hidden < 1) {
            throw new OpException("transformer: expects hidden features >= 1, got " + hidden);
        }
    }

    /// 2048 hidden features, dropout 0.1, ReLU, eps 1e-5, time before batch, normalised after the sum,
    /// with biases.
    public static TransformerConfig of(int width, int heads) {
        return new TransformerConfig(width, heads, 2048, 0.1, false, 1e-5, false, false, true);
    }

    /// The same with another hidden layer.
    public TransformerConfig withHidden(int features) {
        return new TransformerConfig(width, heads, features, dropout, gelu, eps, batchFirst, normFirst, hasBias);
    }

    /// The same with another dropout.
    public TransformerConfig withDropout(double p) {
        return new TransformerConfig(width, heads, hidden, p, gelu, eps, batchFirst, normFirst, hasBias);
    }

    /// The same with GELU.
    public TransformerConfig withGelu() {
        return new TransformerConfig(width, heads, hidden, dropout, true, eps, batchFirst, normFirst, hasBias);
    }

    /// The same on sequences `[B, T, E]`.
    public TransformerConfig withBatchFirst() {
        return new TransformerConfig(width, heads, hidden, dropout, gelu, eps, true, normFirst, hasBias);
    }

    /// The same with each part normalised before it.
    public TransformerConfig withNormFirst() {
        return new TransformerConfig(width, heads, hidden, dropout, gelu, eps, batchFirst, true, hasBias);
    }

    /// The same without biases.
    public TransformerConfig withoutBias() {
        return new TransformerConfig(width, heads, hidden, dropout, gelu, eps, batchFirst, normFirst, false);
    }

    MultiheadAttention.Config attention() {
        return new MultiheadAttention.Config(width, heads, dropout, hasBias, batchFirst);
    }

    LayerNorm norm() {
        return new LayerNorm(Shape.of(width), eps, true, hasBias);
    }

    @Override
    public String toString() {
        return width + ", heads = " + heads + ", hidden = " + hidden + ", dropout = " + dropout + (gelu ? ", GELU" : "")
                + (batchFirst ? ", batch first" : "") + (normFirst ? ", norm first" : "");
    }
}
