package dev.retort.tensor;

/// ln(eˣ + eʸ) and log₂(2ˣ + 2ʸ) as the larger one plus ln(1 + e^(−|x − y|)).
///
/// Gradients come from the difference, not from the result: σ(x − y) and σ(y − x), which add up to 1 however large
/// the operands are, ½ each where both are equal. A single infinity takes the whole gradient; there is none where both
/// are −∞.
final class LogSums {
    private LogSums() {}

    static Tensor add(Tensor a, Tensor b, boolean binary) {
        Shape.broadcast(binary ? "logaddexp2" : "logaddexp", a.shape(), b.shape());
        DType result = a.dtype().promote(b.dtype());
        result = result.isFloating() ? result : DType.F32;
        DType inside = result == DType.F16 || result == DType.BF16 ? DType.F32 : result; // rounded once, at the end
        Tensor x = a.to(inside);
        Tensor y = b.to(inside);
        Tensor distance =
                x.sub(y).maskedFill(x.detach().eq(y.detach()), 0).abs().neg(); // ∞ − ∞ is 0 here
        Tensor rest = binary
                ? distance.exp2().log1p().mul(1 / Math.log(2))
                : distance.exp().log1p();
        Tensor most = x.maximum(y);
        Tensor none = most.detach().eq(Double.NEGATIVE_INFINITY);
        return most.maskedFill(none, Double.NEGATIVE_INFINITY).add(rest).to(result);
    }
}
