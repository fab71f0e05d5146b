package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// x where y = 1, max(0, margin − x) where y = −1, of distances x; counted by elements.
///
/// @param margin distance at which unlike pairs cost nothing
public record HingeEmbeddingLoss(double margin) {
    /// Margin 1.
    public HingeEmbeddingLoss() {
        this(1);
    }

    /// The loss of distances against labels 1 (alike) and −1.
    public Loss of(Tensor x, Tensor y) {
        return new Loss(each(x, y).sum(), x.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor x, Tensor y) {
        PairLosses.sameShape("hinge_embedding_loss", x, y);
        Tensor unlike = x.neg().add(margin).relu();
        return unlike.maskedFill(y.eq(1.0), 0).add(x.maskedFill(y.eq(-1.0), 0));
    }
}
