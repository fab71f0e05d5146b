package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// 1 − cos(a, b) where y = 1, max(0, cos(a, b) − margin) where y = −1, counted by rows.
///
/// @param margin cosine at which unlike rows cost nothing, in [−1, 1]
public record CosineEmbeddingLoss(double margin) {
    private static final double EPS = 1e-12; // added to the squared lengths, as in PyTorch

    /// Margin 0.
    public CosineEmbeddingLoss() {
        this(0);
    }

    /// The loss of rows `[N, D]` against labels `[N]`, 1 (alike) or −1.
    public Loss of(Tensor a, Tensor b, Tensor y) {
        return new Loss(each(a, b, y).sum(), y.numel());
    }

    /// One loss a row.
    public Tensor each(Tensor a, Tensor b, Tensor y) {
        PairLosses.rowsAndLabels("cosine_embedding_loss", a, b, y);
        Tensor lengths = a.square()
                .sum(false, 1)
                .add(EPS)
                .mul(b.square().sum(false, 1).add(EPS))
                .sqrt();
        Tensor cosine = a.mul(b).sum(false, 1).div(lengths);
        Tensor alike = cosine.neg().add(1.0).maskedFill(y.ne(1.0), 0);
        return alike.add(cosine.sub(margin).relu().maskedFill(y.ne(-1.0), 0));
    }
}
