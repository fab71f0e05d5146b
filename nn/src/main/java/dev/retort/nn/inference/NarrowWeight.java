package dev.retort.nn.inference;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.QuantOp;
import org.jspecify.annotations.Nullable;

/// A linear layer's weight in a narrow dtype.
///
/// @param weight `[O, I]`, `I8` or `BF16`
/// @param scale  factor of each output channel `[O]`
public record NarrowWeight(Tensor weight, Tensor scale) {
    /// (x · weightᵀ) · scale + bias.
    public Tensor linear(Tensor x, @Nullable Tensor bias) {
        QuantOp op = new QuantOp.QuantizedLinear();
        return bias == null ? Engine.one(op, x, weight, scale) : Engine.one(op, x, weight, scale, bias);
    }

    /// Bytes of the weight and its scales.
    public long bytes() {
        return (long) weight.numel() * (weight.dtype() == dev.retort.tensor.DType.I8 ? 1 : 2) + 4L * scale.numel();
    }
}
