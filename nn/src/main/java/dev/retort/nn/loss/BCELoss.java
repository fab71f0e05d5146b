package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Binary cross-entropy −w·(y·ln p + (1 − y)·ln(1 − p)) of probabilities p, counted by elements; of
/// logits see [Losses#bceWithLogits], which loses nothing to rounding. As in PyTorch logarithms count as
/// −100 at least, and their slope as 10¹² at most, so that saturated probabilities keep finite gradients.
///
/// @param weights factor w that broadcasts to the probabilities, or null
public record BCELoss(@Nullable Tensor weights) {
    private static final double LEAST = -100;
    private static final double STEEPEST = 1e12;

    /// No weights.
    public BCELoss() {
        this(null);
    }

    /// The loss of probabilities against targets in [0, 1] of the same shape.
    public Loss of(Tensor p, Tensor y) {
        return new Loss(each(p, y).sum(), p.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor p, Tensor y) {
        PairLosses.sameShape("binary_cross_entropy", p, y);
        Tensor target = y.to(p.dtype());
        Tensor yes = target.mul(logarithm(p));
        Tensor no = target.neg().add(1.0).mul(logarithmOfRest(p));
        Tensor loss = yes.add(no).neg();
        return weights == null ? loss : loss.mul(weights.to(p.dtype()));
    }

    /// ln p; a line of the steepest slope through the value where p is next to 0.
    private static Tensor logarithm(Tensor p) {
        Tensor constant = p.detach();
        Tensor steep = constant.lt(1 / STEEPEST);
        Tensor line = p.sub(constant).mul(STEEPEST).add(constant.log().clampMin(LEAST));
        return Tensor.where(steep, line, p.maskedFill(steep, 1).log());
    }

    /// ln(1 − p), likewise where p is next to 1.
    private static Tensor logarithmOfRest(Tensor p) {
        Tensor constant = p.detach();
        Tensor steep = constant.neg().add(1.0).lt(1 / STEEPEST);
        Tensor line = constant.sub(p).mul(STEEPEST).add(constant.neg().log1p().clampMin(LEAST));
        return Tensor.where(steep, line, p.maskedFill(steep, 0).neg().log1p());
    }
}
