package dev.retort.tensor;

import dev.retort.tensor.op.ElementwiseOp;

/// Element-wise methods of [Tensor] for mathematics beyond what networks use: hyperbolic and special functions,
/// divisions, and others made of them. Formulas are at the ops, [ElementwiseOp], or at the method.
public sealed interface SpecialMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor floating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    private Tensor unary(ElementwiseOp.RareUnary op) {
        return Engine.one(op, floating());
    }

    private Tensor binary(ElementwiseOp.RareBinary op, Tensor other) {
        DType dtype = self().dtype().promote(other.dtype());
        boolean convert = op instanceof ElementwiseOp.RareFloatingBinary && !dtype.isFloating();
        dtype = convert ? DType.F32 : dtype == DType.BOOL ? DType.I64 : dtype;
        return Engine.one(op, self().to(dtype), other.to(dtype));
    }

    /// A number as a scalar that does not promote floating tensors.
    private Tensor scalar(double value) {
        return Tensor.scalar(floating().dtype(), value).to(self().device());
    }

    /// A number as a scalar of this integer tensor's dtype.
    private Tensor whole(long value) {
        DType dtype = self().dtype() == DType.BOOL ? DType.I64 : self().dtype();
        return Tensor.of(new long[] {value}, 1).reshape().to(dtype).to(self().device());
    }

    private static boolean isHalf(DType dtype) {
        return dtype == DType.F16 || dtype == DType.BF16;
    }

    /// sinh x.
    default Tensor sinh() {
        return unary(new ElementwiseOp.Sinh());
    }

    /// cosh x.
    default Tensor cosh() {
        return unary(new ElementwiseOp.Cosh());
    }

    /// arsinh x.
    default Tensor asinh() {
        return unary(new ElementwiseOp.Asinh());
    }

    /// arcosh x; NaN below 1.
    default Tensor acosh() {
        return unary(new ElementwiseOp.Acosh());
    }

    /// artanh x; NaN outside [−1, 1].
    default Tensor atanh() {
        return unary(new ElementwiseOp.Atanh());
    }

    /// 2ˣ.
    default Tensor exp2() {
        return unary(new ElementwiseOp.Exp2());
    }

    /// 1 − erf x, accurate for large x.
    default Tensor erfc() {
        return unary(new ElementwiseOp.Erfc());
    }

    /// The inverse of erf; NaN outside [−1, 1].
    default Tensor erfinv() {
        return unary(new ElementwiseOp.Erfinv());
    }

    /// ln |Γ(x)|.
    default Tensor lgamma() {
        return unary(new ElementwiseOp.Lgamma());
    }

    /// The derivative of ln Γ(x).
    default Tensor digamma() {
        return polygamma(0);
    }

    /// The derivative of order `order` + 1 of ln Γ(x); `order` from 0 to 100.
    default Tensor polygamma(int order) {
        return unary(new ElementwiseOp.Polygamma(order));
    }

    /// ln(x/(1 − x)), the inverse of the sigmoid; NaN outside [0, 1].
    default Tensor logit() {
        return unary(new ElementwiseOp.Logit());
    }

    /// [#logit()] of x clamped to [eps, 1 − eps]; gradient 0 outside.
    default Tensor logit(double eps) {
        return floating().clamp(eps, 1 - eps).logit();
    }

    /// sin(πx)/(πx), 1 at 0. Near 0 the first terms of its series, whose gradient does not cancel.
    default Tensor sinc() {
        Tensor x = floating();
        Tensor angle = (isHalf(x.dtype()) ? x.to(DType.F32) : x).mul(Math.PI);
        Tensor near = angle.detach().abs().lt(1);
        Tensor square = angle.maskedFill(near.logicalNot(), 0).square();
        Tensor series = square.zerosLike().add(1.0);
        for (int k = 9; k >= 1; k--) { // 1 − z/(2·3)·(1 − z/(4·5)·(…)); the next term is below 2e-20
            series = square.mul(series).mul(-1.0 / (2 * k * (2 * k + 1))).add(1.0);
        }
        Tensor far = angle.maskedFill(near, 1);
        return Tensor.where(near, series, far.sin().div(far)).to(x.dtype());
    }

    /// The angle in [−π, π] of the point (other, this).
    default Tensor atan2(Tensor other) {
        return binary(new ElementwiseOp.Atan2(), other);
    }

    /// √(x² + other²) without overflow; gradient 0 at the origin.
    default Tensor hypot(Tensor other) {
        return binary(new ElementwiseOp.Hypot(), other);
    }

    /// The remainder of x/other with the sign of x.
    ///
    /// @throws OpException if a divisor is the integer 0
    default Tensor fmod(Tensor other) {
        return binary(new ElementwiseOp.Fmod(), other);
    }

    /// The remainder of x/value with the sign of x; integers become `F32`.
    default Tensor fmod(double value) {
        return floating().fmod(scalar(value));
    }

    /// The remainder of x/value with the sign of x; integers stay integers.
    ///
    /// @throws OpException if this is no floating tensor and `value` is 0
    default Tensor fmod(long value) {
        return self().dtype().isFloating() ? fmod((double) value) : self().fmod(whole(value));
    }

    /// The remainder of x/value with the sign of `value`; integers become `F32`.
    default Tensor remainder(double value) {
        return floating().remainder(scalar(value));
    }

    /// The remainder of x/value with the sign of `value`; integers stay integers.
    ///
    /// @throws OpException if this is no floating tensor and `value` is 0
    default Tensor remainder(long value) {
        return self().dtype().isFloating() ? remainder((double) value) : self().remainder(whole(value));
    }

    /// ⌊x/other⌋ of the exact quotient; integers stay integers. Gradient 0.
    ///
    /// @throws OpException if a divisor is the integer 0
    default Tensor floorDivide(Tensor other) {
        return binary(new ElementwiseOp.FloorDivide(), other);
    }

    /// x/other rounded towards zero; integers stay integers. Gradient 0.
    ///
    /// @throws OpException if a divisor is the integer 0
    default Tensor truncDivide(Tensor other) {
        if (self().dtype().promote(other.dtype()).isFloating()) {
            return self().detach().div(other.detach()).trunc(); // 0 · ∞ would be NaN beside a divisor of 0
        }
        return self().sub(self().fmod(other)).floorDivide(other);
    }

    /// x · ln other, 0 where x = 0 unless `other` is NaN; the gradient of x there is 0 where the logarithm is not
    /// finite.
    default Tensor xlogy(Tensor other) {
        Tensor y = other.dtype().isFloating() ? other : other.to(DType.F32);
        Tensor endless = y.le(0).logicalOr(y.eq(Double.POSITIVE_INFINITY));
        Tensor absent = self().eq(0).logicalAnd(endless);
        Tensor factor = Tensor.where(absent, Tensor.scalar(y.dtype(), 1).to(y.device()), y);
        return self().mul(factor.log());
    }

    /// log₂(2ˣ + 2ʸ) without overflow; −∞ where both are −∞, and no gradient there.
    default Tensor logaddexp2(Tensor other) {
        return LogSums.add(self(), other, true);
    }

    /// x · 2^other.
    default Tensor ldexp(Tensor other) {
        return self().mul(other.exp2());
    }

    /// Whether the sign bit is set: x < 0 or −0. NaN has no sign here.
    default Tensor signbit() {
        Tensor x = self().detach();
        Tensor below = x.lt(0);
        return x.dtype().isFloating()
                ? below.logicalOr(x.eq(0).logicalAnd(x.reciprocal().lt(0)))
                : below;
    }

    /// |x| with the sign of `other`; no gradient in `other`.
    default Tensor copysign(Tensor other) {
        Tensor size = floating().abs();
        DType dtype = size.dtype().promote(other.dtype());
        return Tensor.where(other.signbit(), size.neg(), size).to(dtype);
    }

    /// 0 where x < 0, 1 where x > 0, `values` where x = 0, and 0 for NaN, as in PyTorch; no gradient in x.
    default Tensor heaviside(Tensor values) {
        Tensor x = self().detach();
        DType dtype = x.dtype().promote(values.dtype());
        return Tensor.where(x.eq(0), values.to(dtype), x.gt(0).to(dtype));
    }

    /// The larger one, or the other one where one is NaN.
    default Tensor fmax(Tensor other) {
        Tensor larger = self().maximum(other);
        return Tensor.where(self().isNan(), other, Tensor.where(other.isNan(), self(), larger));
    }

    /// The smaller one, or the other one where one is NaN.
    default Tensor fmin(Tensor other) {
        Tensor smaller = self().minimum(other);
        return Tensor.where(self().isNan(), other, Tensor.where(other.isNan(), self(), smaller));
    }

    /// x between the elements of `min` and `max` (which broadcast), `max` where `min` is above it; the gradient goes
    /// where the value came from, at a bound to x.
    default Tensor clamp(Tensor min, Tensor max) {
        Tensor above = Tensor.where(self().ge(min).logicalOr(self().isNan()), self(), min);
        return Tensor.where(above.le(max).logicalOr(above.isNan()), above, max);
    }
}
