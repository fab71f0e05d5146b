package dev.retort.tensor;

/// Element-wise methods of [Tensor] that are made of other methods: no op of their own, gradients and
/// devices as those have.
public sealed interface CompositeMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// self + weight · (end − self).
    default Tensor lerp(Tensor end, double weight) {
        return weight < 0.5
                ? self().add(end.sub(self()).mul(weight))
                : end.sub(end.sub(self()).mul(1 - weight)); // exactly the end at 1
    }

    /// self + weight · (end − self), with a weight for each element.
    default Tensor lerp(Tensor end, Tensor weight) {
        return self().add(end.sub(self()).mul(weight));
    }

    /// self + value · a · b.
    default Tensor addcmul(double value, Tensor a, Tensor b) {
        return self().add(a.mul(b).mul(value));
    }

    /// self + value · a / b.
    default Tensor addcdiv(double value, Tensor a, Tensor b) {
        return self().add(a.div(b).mul(value));
    }

    /// ln(eˣ + eʸ) without overflow; −∞ where both are −∞.
    default Tensor logaddexp(Tensor other) {
        return LogSums.add(self(), other, false);
    }

    /// Without the fraction: rounded towards zero; gradient 0.
    default Tensor trunc() {
        return Tensor.where(self().lt(0.0), self().ceil(), self().floor());
    }

    /// The fraction x − trunc x, with the sign of x.
    default Tensor frac() {
        return self().sub(self().trunc());
    }

    /// Whether an element is ∞ or −∞.
    default Tensor isInf() {
        return self().detach().abs().eq(Double.POSITIVE_INFINITY);
    }

    /// NaN, ∞ and −∞ replaced; gradient 0 there.
    default Tensor nanToNum(double nan, double positive, double negative) {
        if (!self().dtype().isFloating()) {
            return self();
        }
        return self().maskedFill(self().isNan(), nan)
                .maskedFill(self().eq(Double.POSITIVE_INFINITY), positive)
                .maskedFill(self().eq(Double.NEGATIVE_INFINITY), negative);
    }

    /// NaN as 0, infinities as the largest and the lowest number of the dtype.
    default Tensor nanToNum() {
        double most = switch (self().dtype()) {
            case F64 -> Double.MAX_VALUE;
            case F16 -> 65504;
            case BF16 -> 0x1.FEp127;
            default -> Float.MAX_VALUE;
        };
        return nanToNum(0, most, -most);
    }

    /// |x − y| ≤ absolute + relative · |y| for each element; equal infinities are close, NaN is close to
    /// nothing.
    ///
    /// @throws OpException if a tolerance is negative or NaN
    default Tensor isClose(Tensor other, double relative, double absolute) {
        if (!(relative >= 0 && absolute >= 0)) {
            throw new OpException("is_close: expects tolerances >= 0, got " + relative + " and " + absolute);
        }
        Tensor x = self().detach();
        Tensor y = other.detach();
        Tensor near = x.sub(y).abs().le(y.abs().mul(relative).add(absolute));
        return x.eq(y).logicalOr(near.logicalAnd(x.sub(y).isFinite()));
    }

    /// Whether all elements are close; with PyTorch's tolerances 1e-5 (relative) and 1e-8 (absolute).
    default boolean allClose(Tensor other) {
        return allClose(other, 1e-5, 1e-8);
    }

    /// Whether all elements are close.
    default boolean allClose(Tensor other, double relative, double absolute) {
        return self().isClose(other, relative, absolute).all().item() != 0;
    }

    /// Whether shapes and all elements are equal; NaN equals nothing.
    default boolean equal(Tensor other) {
        return self().shape().equals(other.shape())
                && self().detach().eq(other.detach()).all().item() != 0;
    }
}
