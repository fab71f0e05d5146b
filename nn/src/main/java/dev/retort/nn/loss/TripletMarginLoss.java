package dev.retort.nn.loss;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.function.BinaryOperator;

/// max(0, d(a, p) − d(a, n) + margin) of anchors, positives and negatives, counted by rows (Schroff et
/// al., 2015, arXiv 1503.03832).
///
/// @param distance of rows `[..., D]`, as `[...]`
/// @param margin   by how much the negative is to be further away
/// @param swap     whether d(p, n) takes the place of d(a, n) where it is smaller (Balntas et al., 2016)
public record TripletMarginLoss(BinaryOperator<Tensor> distance, double margin, boolean swap) {
    /// Euclidean distances, margin 1, no swap.
    public TripletMarginLoss() {
        this(1, 2, 1e-6, false);
    }

    /// Distances ‖x − y + eps‖_p.
    public TripletMarginLoss(double margin, double p, double eps, boolean swap) {
        this((x, y) -> x.sub(y).add(eps).norm(p, false, -1), margin, swap);
    }

    /// The loss of three tensors of one shape, `[N, D]` or `[D]`.
    public Loss of(Tensor anchor, Tensor positive, Tensor negative) {
        Tensor each = each(anchor, positive, negative);
        return new Loss(each.sum(), each.numel());
    }

    /// One loss a row.
    public Tensor each(Tensor anchor, Tensor positive, Tensor negative) {
        PairLosses.sameShape("triplet_margin_loss", anchor, positive);
        PairLosses.sameShape("triplet_margin_loss", anchor, negative);
        if (anchor.rank() == 0) {
            throw new OpException("triplet_margin_loss: expects [..., D], got " + anchor.type());
        }
        Tensor near = distance.apply(anchor, positive);
        Tensor far = distance.apply(anchor, negative);
        Tensor nearer = swap ? far.minimum(distance.apply(positive, negative)) : far;
        return near.sub(nearer).add(margin).relu();
    }
}
