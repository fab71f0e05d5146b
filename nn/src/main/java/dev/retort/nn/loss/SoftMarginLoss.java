package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// ln(1 + e^(−y·x)) of scores x and labels y = 1 or −1, counted by elements.
public record SoftMarginLoss() {
    /// The loss of scores against labels of the same shape.
    public Loss of(Tensor x, Tensor y) {
        return new Loss(each(x, y).sum(), x.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor x, Tensor y) {
        PairLosses.sameShape("soft_margin_loss", x, y);
        return y.to(x.dtype()).mul(x).logSigmoid().neg();
    }
}
