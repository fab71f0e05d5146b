package dev.retort.nn.loss;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// w_y · Σ_{i ≠ y} max(0, margin − x_y + x_i)^p / C of scores x and a class y, counted by rows (Crammer
/// and Singer, 2001).
///
/// @param p            1 or 2
/// @param margin       by how much the class's score is to be above the others
/// @param classWeights factor of each class `[C]`, or null
public record MultiMarginLoss(
        int p, double margin, @Nullable Tensor classWeights) {
    /// Checks the range.
    ///
    /// @throws OpException if p is neither 1 nor 2
    public MultiMarginLoss {
        if (p != 1 && p != 2) {
            throw new OpException("multi_margin_loss: expects p = 1 or 2, got " + p);
        }
    }

    /// P 1, margin 1, no weights.
    public MultiMarginLoss() {
        this(1, 1, null);
    }

    /// The loss of scores `[N, C]` or `[C]` against classes `[N]` or a scalar.
    public Loss of(Tensor x, Tensor y) {
        Tensor each = each(x, y);
        return new Loss(each.sum(), each.numel());
    }

    /// One loss a row.
    public Tensor each(Tensor x, Tensor y) {
        Tensor rows = PairLosses.rows("multi_margin_loss", x);
        int classes = rows.size(1);
        if (y.numel() != rows.size(0) || y.dtype().isFloating()) {
            throw new OpException(
                    "multi_margin_loss: expects scores [N, C] and classes [N], got " + x.type() + " and " + y.type());
        }
        Tensor index = y.reshape(y.numel()).to(DType.I64);
        Tensor own = rows.gather(1, index.unsqueeze(1));
        Tensor missing = rows.sub(own).add(margin).relu();
        Tensor powered = p == 1 ? missing : missing.square();
        if (classWeights != null) {
            if (!classWeights.shape().equals(Shape.of(classes))) {
                throw new OpException(
                        "multi_margin_loss: expects class weights [" + classes + "], got " + classWeights.type());
            }
            powered =
                    powered.mul(classWeights.to(x.dtype()).indexSelect(0, index).unsqueeze(1));
        }
        Tensor others = powered.maskedFill(index.oneHot(classes).ne(0.0), 0);
        Tensor loss = others.sum(false, 1).mul(1.0 / classes);
        return x.rank() == 1 ? loss.reshape(Shape.SCALAR) : loss;
    }
}
