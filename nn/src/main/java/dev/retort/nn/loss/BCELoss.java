package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Binary cross-entropy −w·(y·ln p + (1 − y)·ln(1 − p)) of probabilities p, counted by elements; of
/// logits see [Losses#bceWithLogits], which loses nothing to rounding. As in PyTorch logarithms count as
/// −100 at least.
///
/// @param weights factor w that broadcasts to the probabilities, or null
public record BCELoss(@Nullable Tensor weights) {
    private static final double LEAST = -100;

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
        Tensor yes = target.mul(p.log().clampMin(LEAST));
        Tensor no = target.neg().add(1.0).mul(p.neg().log1p().clampMin(LEAST));
        Tensor loss = yes.add(no).neg();
        return weights == null ? loss : loss.mul(weights.to(p.dtype()));
    }
}
