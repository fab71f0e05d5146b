package dev.retort.nn.loss;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// Checks that losses of several tensors share.
final class PairLosses {
    private PairLosses() {}

    static void sameShape(String op, Tensor x, Tensor y) {
        if (!x.shape().equals(y.shape())) {
            throw new OpException(op + ": expects one shape, got " + x.type() + " and " + y.type());
        }
    }

    /// Rows `[N, D]` of one shape with labels `[N]`.
    static void rowsAndLabels(String op, Tensor x, Tensor y, Tensor labels) {
        if (x.rank() != 2 || !x.shape().equals(y.shape()) || !labels.shape().equals(Shape.of(x.size(0)))) {
            throw new OpException(op + ": expects two tensors [N, D] and labels [N], got " + x.type() + ", " + y.type()
                    + " and " + labels.type());
        }
    }

    /// `[C]` as `[1, C]`.
    static Tensor rows(String op, Tensor x) {
        if (x.rank() != 1 && x.rank() != 2) {
            throw new OpException(op + ": expects [N, C] or [C], got " + x.type());
        }
        return x.rank() == 1 ? x.unsqueeze(0) : x;
    }
}
