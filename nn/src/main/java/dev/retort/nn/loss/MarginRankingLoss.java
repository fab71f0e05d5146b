package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// max(0, −y·(a − b) + margin): a is to be larger than b where y = 1 and smaller where y = −1; counted by
/// elements.
///
/// @param margin by how much
public record MarginRankingLoss(double margin) {
    /// Margin 0.
    public MarginRankingLoss() {
        this(0);
    }

    /// The loss of two scores against their order, 1 or −1.
    public Loss of(Tensor a, Tensor b, Tensor y) {
        Tensor each = each(a, b, y);
        return new Loss(each.sum(), each.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor a, Tensor b, Tensor y) {
        PairLosses.sameShape("margin_ranking_loss", a, b);
        PairLosses.sameShape("margin_ranking_loss", a, y);
        return y.to(a.dtype()).neg().mul(a.sub(b)).add(margin).relu();
    }
}
