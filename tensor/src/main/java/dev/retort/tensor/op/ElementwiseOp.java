package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.util.Arrays;

/// Ops that compute each result element from the elements at the same (broadcast) position.
public sealed interface ElementwiseOp extends Op
        permits ElementwiseOp.Unary,
                ElementwiseOp.Binary,
                ElementwiseOp.Comparison,
                ElementwiseOp.Logical,
                ElementwiseOp.LogicalNot,
                ElementwiseOp.IsNan,
                ElementwiseOp.IsFinite,
                ElementwiseOp.Where,
                ElementwiseOp.MaskedFill,
                ElementwiseOp.UnaryBackward,
                ElementwiseOp.WeightedSum,
                ElementwiseOp.WeightedSumBackward {

    /// One input, one result of the same type.
    sealed interface Unary extends ElementwiseOp {
        @Override
        default TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            if (!acceptsIntegers()) {
                Check.floating(this, in[0]);
            }
            Check.that(in[0].dtype() != DType.BOOL, this, "expects a number dtype", in);
            return one(in[0]);
        }

        /// Whether integer tensors are allowed; otherwise the tensor methods convert them to `F32` first.
        default boolean acceptsIntegers() {
            return false;
        }
    }

    /// A unary op that also takes integers.
    sealed interface NumberUnary extends Unary {
        @Override
        default boolean acceptsIntegers() {
            return true;
        }
    }

    /// A unary op of floating dtypes that few networks use: the fast kernels leave it to the reference.
    sealed interface RareUnary extends Unary {}

    /// −x.
    record Neg() implements NumberUnary {}

    /// |x|; gradient sign(x), 0 at 0.
    record Abs() implements NumberUnary {}

    /// −1, 0 or 1 by the sign of x; NaN stays NaN. Gradient 0.
    record Sign() implements NumberUnary {}

    /// x².
    record Square() implements NumberUnary {}

    /// x + value.
    record AddScalar(double value) implements NumberUnary {}

    /// x · value.
    record MulScalar(double value) implements NumberUnary {}

    /// min(max(x, min), max); use infinities for one-sided bounds. NaN stays NaN. Gradient 1 inside the
    /// closed interval, 0 outside.
    record Clamp(double min, double max) implements NumberUnary {}

    /// max(x, 0); gradient 0 at 0.
    record Relu() implements NumberUnary {}

    /// x^exponent; negative x needs an integral exponent, otherwise NaN.
    record PowScalar(double exponent) implements Unary {}

    /// eˣ.
    record Exp() implements Unary {}

    /// eˣ − 1, accurate near 0.
    record Expm1() implements Unary {}

    /// ln x.
    record Log() implements Unary {}

    /// ln(1 + x), accurate near 0.
    record Log1p() implements Unary {}

    /// √x.
    record Sqrt() implements Unary {}

    /// 1/√x.
    record Rsqrt() implements Unary {}

    /// 1/x.
    record Reciprocal() implements Unary {}

    /// sin x, x in radians.
    record Sin() implements Unary {}

    /// cos x, x in radians.
    record Cos() implements Unary {}

    /// tan x, x in radians.
    record Tan() implements RareUnary {}

    /// The angle in [−π/2, π/2] whose sine is x; NaN outside [−1, 1].
    record Asin() implements RareUnary {}

    /// The angle in [0, π] whose cosine is x; NaN outside [−1, 1].
    record Acos() implements RareUnary {}

    /// The angle in [−π/2, π/2] whose tangent is x.
    record Atan() implements RareUnary {}

    /// Logarithm to base 2.
    record Log2() implements RareUnary {}

    /// Logarithm to base 10.
    record Log10() implements RareUnary {}

    /// (eˣ − e⁻ˣ)/2.
    record Sinh() implements RareUnary {}

    /// (eˣ + e⁻ˣ)/2.
    record Cosh() implements RareUnary {}

    /// The number whose hyperbolic sine is x.
    record Asinh() implements RareUnary {}

    /// The number ≥ 0 whose hyperbolic cosine is x; NaN below 1.
    record Acosh() implements RareUnary {}

    /// The number whose hyperbolic tangent is x; NaN outside [−1, 1].
    record Atanh() implements RareUnary {}

    /// 2ˣ.
    record Exp2() implements RareUnary {}

    /// 1 − erf x, without cancellation for large x.
    record Erfc() implements RareUnary {}

    /// The number whose error function is x; ±∞ at ±1, NaN outside [−1, 1].
    record Erfinv() implements RareUnary {}

    /// ln |Γ(x)|; ∞ at 0 and the negative integers.
    record Lgamma() implements RareUnary {}

    /// The derivative of order `order` + 1 of ln Γ(x); of order 0 it is the digamma function. At the poles
    /// 0, −1, −2, …: ∞ for odd orders, −∞ for even ones, but digamma is NaN, at ±0 ∓∞.
    record Polygamma(int order) implements RareUnary {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.that(order >= 0 && order <= 100, this, "expects an order in [0, 100], order = " + order, in);
            return RareUnary.super.infer(in);
        }
    }

    /// ln(x/(1 − x)), the inverse of the sigmoid; NaN outside [0, 1].
    record Logit() implements RareUnary {}

    /// tanh x.
    record Tanh() implements Unary {}

    /// σ(x) = 1/(1 + e⁻ˣ).
    record Sigmoid() implements Unary {}

    /// ln σ(x), stable for large |x|.
    record LogSigmoid() implements Unary {}

    /// erf x = 2/√π ∫₀ˣ e^(−t²) dt.
    record Erf() implements Unary {}

    /// x for x ≥ 0, slope · x below.
    record LeakyRelu(double slope) implements Unary {}

    /// x for x > 0, alpha · (eˣ − 1) otherwise (Clevert et al., 2015, arXiv 1511.07289).
    record Elu(double alpha) implements Unary {}

    /// x · Φ(x); exact by erf, or by the tanh approximation (Hendrycks and Gimpel, 2016, arXiv
    /// 1606.08415).
    record Gelu(boolean tanh) implements Unary {}

    /// x · σ(x) (Elfwing et al., 2017, arXiv 1702.03118).
    record Silu() implements Unary {}

    /// x · tanh(softplus(x)) (Misra, 2019, arXiv 1908.08681).
    record Mish() implements Unary {}

    /// x · min(max(x + 3, 0), 6) / 6 (Howard et al., 2019, arXiv 1905.02244).
    record Hardswish() implements Unary {}

    /// min(max(x + 3, 0), 6) / 6.
    record Hardsigmoid() implements Unary {}

    /// ln(1 + e^(beta·x)) / beta, beta > 0; x itself where beta·x > 20.
    record Softplus(double beta) implements Unary {}

    /// Largest integer ≤ x. Gradient 0.
    record Floor() implements Unary {}

    /// Smallest integer ≥ x. Gradient 0.
    record Ceil() implements Unary {}

    /// Nearest integer, ties to even. Gradient 0.
    record Round() implements Unary {}

    /// Two inputs of one dtype that broadcast; the result has that dtype.
    sealed interface Binary extends ElementwiseOp {
        @Override
        default TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Check.that(in[0].dtype() != DType.BOOL, this, "expects number dtypes", in);
            return one(new TensorType(in[0].dtype(), Shape.broadcast(name(), in[0].shape(), in[1].shape())));
        }
    }

    /// A binary op that few networks use: the fast kernels leave it to the reference.
    sealed interface RareBinary extends Binary {}

    /// A rare binary op of floating dtypes only; the tensor methods convert integers to `F32`.
    sealed interface RareFloatingBinary extends RareBinary {
        @Override
        default TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.floating(this, in[0]);
            return RareBinary.super.infer(in);
        }
    }

    /// a + b.
    record Add() implements Binary {}

    /// a − b.
    record Sub() implements Binary {}

    /// a · b.
    record Mul() implements Binary {}

    /// a / b; floating dtypes only (the tensor method converts integers to `F32`).
    record Div() implements Binary {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.floating(this, in[0]);
            return Binary.super.infer(in);
        }
    }

    /// aᵇ. Of integers: wraps around; with b < 0 the quotient 1/a^(−b) truncated, so 0 unless a = ±1.
    record Pow() implements RareBinary {}

    /// max(a, b), NaN if either is; at ties half of the gradient goes to each side.
    record Maximum() implements Binary {}

    /// min(a, b), NaN if either is; at ties half of the gradient goes to each side.
    record Minimum() implements Binary {}

    /// a − b·⌊a/b⌋: the remainder with the sign of b. Gradient 1 in a and −⌊a/b⌋ in b.
    record Remainder() implements RareBinary {}

    /// a − b·trunc(a/b): the remainder with the sign of a. Gradient 1 in a and −trunc(a/b) in b.
    record Fmod() implements RareBinary {}

    /// ⌊a/b⌋, exact where a/b rounds up to an integer; integers stay integers. Gradient 0.
    record FloorDivide() implements RareBinary {}

    /// The angle in [−π, π] of the point (b, a), by the quadrant. Gradient NaN at the origin.
    record Atan2() implements RareFloatingBinary {}

    /// √(a² + b²) without overflow. Gradient 0 at the origin.
    record Hypot() implements RareFloatingBinary {}

    /// How two elements compare.
    enum Relation {
        /// a = b.
        EQ,
        /// a ≠ b.
        NE,
        /// a < b.
        LT,
        /// a ≤ b.
        LE,
        /// a > b.
        GT,
        /// a ≥ b.
        GE
    }

    /// `BOOL` result of comparing two tensors of one dtype that broadcast; comparisons with NaN are
    /// false but `NE`.
    record Comparison(Relation relation) implements ElementwiseOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            return one(new TensorType(DType.BOOL, Shape.broadcast(name(), in[0].shape(), in[1].shape())));
        }
    }

    /// A connective of two truth values.
    enum Connective {
        /// Both.
        AND,
        /// At least one.
        OR,
        /// Exactly one.
        XOR
    }

    /// Connective of two `BOOL` tensors that broadcast.
    record Logical(Connective connective) implements ElementwiseOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.bool(this, in[0]);
            Check.bool(this, in[1]);
            return one(new TensorType(DType.BOOL, Shape.broadcast(name(), in[0].shape(), in[1].shape())));
        }
    }

    /// Negation of a `BOOL` tensor.
    record LogicalNot() implements ElementwiseOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.bool(this, in[0]);
            return one(in[0]);
        }
    }

    /// `BOOL`: whether the element is NaN.
    record IsNan() implements ElementwiseOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0].with(DType.BOOL));
        }
    }

    /// `BOOL`: whether the element is neither NaN nor infinite.
    record IsFinite() implements ElementwiseOp, NonDifferentiable {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0].with(DType.BOOL));
        }
    }

    /// a where the condition holds, b elsewhere; inputs (condition `BOOL`, a, b) broadcast.
    record Where() implements ElementwiseOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.bool(this, in[0]);
            Check.sameDType(this, in[1], in[2]);
            Shape values = Shape.broadcast(name(), in[1].shape(), in[2].shape());
            return one(new TensorType(in[1].dtype(), Shape.broadcast(name(), in[0].shape(), values)));
        }
    }

    /// `value` where the mask holds, x elsewhere; inputs (x, mask `BOOL`), the mask broadcasts to x.
    record MaskedFill(double value) implements ElementwiseOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.bool(this, in[1]);
            Check.that(
                    Shape.broadcast(name(), in[0].shape(), in[1].shape()).equals(in[0].shape()),
                    this,
                    "expects a mask that broadcasts to the input",
                    in);
            return one(in[0]);
        }
    }

    /// Gradient of a unary op in one pass: inputs (gradOut, x, y = of(x)), result gradOut · of′(x).
    record UnaryBackward(Unary of) implements ElementwiseOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.sameDType(this, in);
            Check.sameShape(this, in);
            return one(in[1]);
        }

        @Override
        public String name() {
            return of.name() + "_backward";
        }
    }

    /// w₁ x₁ + … + wₙ xₙ in one pass: inputs (w `[n]`, x₁, …, xₙ of one shape). Residual connections that
    /// mix earlier values of the stream are such sums.
    record WeightedSum() implements ElementwiseOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2, Integer.MAX_VALUE);
            return one(terms(this, in, 0)[0]);
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor sum = in[1].mul(in[0].select(0, 0));
            for (int i = 2; i < in.length; i++) {
                sum = sum.add(in[i].mul(in[0].select(0, i - 1)));
            }
            return new Tensor[] {sum};
        }
    }

    /// Gradients of [WeightedSum] in one pass: inputs (gradOut, w, x₁, …, xₙ), results (dw, dx₁, …, dxₙ)
    /// with dwᵢ = Σ gradOut · xᵢ and dxᵢ = wᵢ gradOut.
    record WeightedSumBackward() implements ElementwiseOp, BackwardOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3, Integer.MAX_VALUE);
            Check.sameShape(this, in[0], in[2]);
            Check.sameDType(this, in[0], in[2]);
            TensorType[] x = terms(this, in, 1);
            TensorType[] gradients = new TensorType[in.length - 1];
            gradients[0] = in[1];
            System.arraycopy(x, 0, gradients, 1, x.length);
            return gradients;
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor[] gradients = new Tensor[in.length - 1];
            Tensor[] weights = new Tensor[in.length - 2];
            for (int i = 0; i < weights.length; i++) {
                weights[i] = in[0].mul(in[i + 2]).sum();
                gradients[i + 1] = in[0].mul(in[1].select(0, i));
            }
            gradients[0] = Tensor.stack(0, weights);
            return gradients;
        }
    }

    /// Checks weights at `in[from]` and the terms behind them, which it returns.
    private static TensorType[] terms(ElementwiseOp op, TensorType[] in, int from) {
        TensorType[] x = Arrays.copyOfRange(in, from + 1, in.length);
        Check.floating(op, x[0]);
        Check.sameDType(op, Arrays.copyOfRange(in, from, in.length));
        Check.sameShape(op, x);
        Check.shape(op, "weights", in[from], x.length);
        return x;
    }
}
