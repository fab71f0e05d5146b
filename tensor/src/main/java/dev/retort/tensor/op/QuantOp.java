package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Affine integer quantisation: q = clamp(round(x/scale) + zeroPoint, qmin, qmax), x ≈ (q −
/// zeroPoint)·scale.
///
/// Inputs are (x, scale, zeroPoint); scale and zero point are floating (zero points integral) and
/// broadcast to x: a scalar for the whole tensor, or e.g. [O, 1, 1, 1] for one per output channel.
/// Rounding is to nearest even.
public sealed interface QuantOp extends Op {
    private static void parameters(QuantOp op, TensorType[] in, TensorType x) {
        Check.arity(op, in, 3);
        Check.floating(op, in[1]);
        Check.sameDType(op, in[1], in[2]);
        for (int i = 1; i < 3; i++) {
            Check.that(
                    dev.retort.tensor.Shape.broadcast(op.name(), in[i].shape(), x.shape())
                            .equals(x.shape()),
                    op,
                    "expects scale and zero point that broadcast to x",
                    in);
        }
    }

    /// Floating x to integers of `dtype` (`I8` or `U8`) in [qmin, qmax].
    record Quantize(int qmin, int qmax, DType dtype) implements QuantOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.floating(this, in[0]);
            parameters(this, in, in[0]);
            int low = dtype == DType.U8 ? 0 : -128;
            Check.that(
                    (dtype == DType.U8 || dtype == DType.I8) && qmin >= low && qmax <= low + 255 && qmin <= qmax,
                    this,
                    "expects dtype I8 or U8 and a range inside it, " + dtype + " [" + qmin + ", " + qmax + "]",
                    in);
            return one(in[0].with(dtype));
        }
    }

    /// Integers back to the dtype of the scale.
    record Dequantize() implements QuantOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.that(in[0].dtype().isInteger(), this, "expects integers", in);
            parameters(this, in, in[0]);
            return one(in[0].with(in[1].dtype()));
        }
    }

    /// Quantise and dequantise at once. The gradient passes straight through where x/scale + zeroPoint
    /// rounds into [qmin, qmax] and is 0 elsewhere (Bengio et al., 2013, arXiv 1308.3432); scale and zero
    /// point get none.
    record FakeQuantize(int qmin, int qmax) implements QuantOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.floating(this, in[0]);
            Check.sameDType(this, in);
            parameters(this, in, in[0]);
            Check.that(qmin < qmax, this, "expects qmin < qmax, range [" + qmin + ", " + qmax + "]", in);
            return one(in[0]);
        }
    }

    /// Inputs (x `[..., I]`, weight `[O, I]`, scale `[O]`) or (…, bias `[O]`): y = (x · weightᵀ) · scale +
    /// bias, with the weight in a narrow dtype of its own, such as `I8` with one scale an output
    /// channel, or `BF16` with scales of 1. For inference: reading the weight is what a product
    /// with few rows costs.
    record QuantizedLinear() implements QuantOp, NonDifferentiable, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3, 4);
            Check.floating(this, in[0]);
            Check.rank(this, in[1], 2);
            Check.sameDType(this, in[0], in[2]);
            Shape x = in[0].shape();
            Shape w = in[1].shape();
            Check.that(
                    x.rank() >= 1 && x.dim(-1) == w.dim(1),
                    this,
                    "expects input [..., I] and weight [O, I] with one I",
                    in);
            Check.shape(this, "scale", in[2], w.dim(0));
            if (in.length == 4) {
                Check.sameDType(this, in[0], in[3]);
                Check.shape(this, "bias", in[3], w.dim(0));
            }
            return one(in[0].with(x.with(x.rank() - 1, w.dim(0))));
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor y = in[0].linear(in[1].to(in[0].dtype()), null).mul(in[2]);
            return new Tensor[] {in.length == 4 ? y.add(in[3]) : y};
        }
    }
}
