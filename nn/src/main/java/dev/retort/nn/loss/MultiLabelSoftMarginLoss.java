package dev.retort.nn.loss;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Mean over the classes of the binary cross-entropy −y·ln σ(x) − (1 − y)·ln σ(−x), counted by rows.
///
/// @param classWeights factor of each class `[C]`, or null
public record MultiLabelSoftMarginLoss(@Nullable Tensor classWeights) {
    /// No weights.
    public MultiLabelSoftMarginLoss() {
        this(null);
    }

    /// The loss of logits `[..., C]` against truth values in [0, 1] of the same shape.
    public Loss of(Tensor x, Tensor y) {
        Tensor each = each(x, y);
        return new Loss(each.sum(), each.numel());
    }

    /// One loss a row `[...]`.
    public Tensor each(Tensor x, Tensor y) {
        PairLosses.sameShape("multilabel_soft_margin_loss", x, y);
        if (x.rank() == 0) {
            throw new OpException("multilabel_soft_margin_loss: expects [..., C], got " + x.type());
        }
        Tensor target = y.to(x.dtype());
        Tensor rest = target.neg().add(1.0);
        Tensor loss =
                target.mul(x.logSigmoid()).add(rest.mul(x.neg().logSigmoid())).neg();
        Tensor weighted = classWeights == null ? loss : loss.mul(classWeights.to(x.dtype()));
        return weighted.mean(false, -1);
    }
}
