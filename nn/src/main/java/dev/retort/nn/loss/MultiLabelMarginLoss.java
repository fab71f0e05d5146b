package dev.retort.nn.loss;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Σ over classes j that are labels and classes i that are not of max(0, 1 − (x_j − x_i)) / C, counted by
/// rows.
///
/// The labels of a row come first in the target's row; −1 ends them. A label that is named twice counts twice.
public record MultiLabelMarginLoss() {
    /// The loss of scores `[N, C]` or `[C]` against labels of the same shape.
    public Loss of(Tensor x, Tensor labels) {
        Tensor each = each(x, labels);
        return new Loss(each.sum(), each.numel());
    }

    /// One loss a row.
    public Tensor each(Tensor x, Tensor labels) {
        PairLosses.sameShape("multilabel_margin_loss", x, labels);
        Tensor rows = PairLosses.rows("multilabel_margin_loss", x);
        int n = rows.size(0);
        int classes = rows.size(1);
        long[] given = labels.toLongs();
        float[] times = new float[n * classes];
        for (int r = 0; r < n; r++) {
            for (int i = 0; i < classes && given[r * classes + i] >= 0; i++) {
                if (given[r * classes + i] >= classes) {
                    throw new OpException("multilabel_margin_loss: expects labels below " + classes + ", got "
                            + given[r * classes + i]);
                }
                times[r * classes + (int) given[r * classes + i]]++;
            }
        }
        Tensor label =
                Tensor.wrap(DType.F32, times, n, classes).to(rows.dtype()).to(rows.device());
        Tensor others = label.eq(0.0).to(rows.dtype());
        // [N, j, i]: 1 − x_j + x_i where j is a label and i is none
        Tensor missing = rows.unsqueeze(1).sub(rows.unsqueeze(2)).add(1.0).relu();
        Tensor pairs = label.unsqueeze(2).mul(others.unsqueeze(1));
        Tensor loss = missing.mul(pairs).sum(false, 1, 2).mul(1.0 / classes);
        return x.rank() == 1 ? loss.squeeze(0) : loss;
    }
}
