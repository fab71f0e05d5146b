package dev.retort.nn.loss;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import org.jspecify.annotations.Nullable;

/// Binary cross-entropy w·(−a·y·ln σ(z) − (1 − y)·ln(1 − σ(z))) of logits z with targets y in [0, 1], counted by
/// elements.
///
/// @param weights        factor w that broadcasts to the logits, or null
/// @param positiveWeight factor a of the positive part that broadcasts to the logits, or null
public record BCEWithLogitsLoss(
        @Nullable Tensor weights, @Nullable Tensor positiveWeight) {
    /// No weights.
    public BCEWithLogitsLoss() {
        this(null, null);
    }

    /// The loss of logits against targets of the same shape.
    public Loss of(Tensor logits, Tensor y) {
        return new Loss(each(logits, y).sum(), logits.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor logits, Tensor y) {
        PairLosses.sameShape("bce_with_logits", logits, y);
        Tensor target = y.to(logits.dtype());
        Tensor loss;
        if (positiveWeight == null) {
            loss = Engine.one(new LossOp.BceWithLogits(), logits, target);
        } else {
            Tensor factor =
                    target.mul(positiveWeight.to(logits.dtype()).sub(1.0)).add(1.0); // 1 + (a − 1)·y
            loss = logits.mul(target.neg().add(1.0)).sub(logits.logSigmoid().mul(factor));
        }
        return weights == null ? loss : loss.mul(weights.to(logits.dtype()));
    }
}
