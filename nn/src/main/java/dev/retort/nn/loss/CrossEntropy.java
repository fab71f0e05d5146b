package dev.retort.nn.loss;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import org.jspecify.annotations.Nullable;

/// Cross-entropy of logits with classes or class probabilities; PyTorch's definition.
///
/// **Shape**: logits `[N, C]` or `[N, C, ...]`; targets class indices `[N]` or `[N, ...]`, or
/// probabilities of the logits' shape; or logits `[C]` of one sample with a scalar class or probabilities
/// `[C]`. With label smoothing ε the target distribution is (1 − ε)·t + ε/C.
///
/// @param labelSmoothing ε in [0, 1]
/// @param classWeights   factor of each class `[C]`, or null; with class indices the count is the sum of
///                       the targets' weights
/// @param ignoreIndex    class index of rows that do not count
public record CrossEntropy(double labelSmoothing, @Nullable Tensor classWeights, long ignoreIndex) {
    /// PyTorch's index of rows that do not count.
    public static final long IGNORE = -100;

    /// Checks the range.
    public CrossEntropy {
        if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
            throw new OpException("cross_entropy: expects label smoothing in [0, 1], got " + labelSmoothing);
        }
    }

    /// No smoothing, no weights, -100 ignored.
    public static CrossEntropy defaults() {
        return new CrossEntropy(0, null, IGNORE);
    }

    /// The same with smoothing.
    public CrossEntropy withLabelSmoothing(double epsilon) {
        return new CrossEntropy(epsilon, classWeights, ignoreIndex);
    }

    /// The same with class weights `[C]`.
    public CrossEntropy withClassWeights(Tensor weights) {
        return new CrossEntropy(labelSmoothing, weights, ignoreIndex);
    }

    /// The same with another ignored class.
    public CrossEntropy withIgnoreIndex(long index) {
        return new CrossEntropy(labelSmoothing, classWeights, index);
    }

    /// The loss of logits against targets.
    ///
    /// @throws OpException if the shapes do not fit, or a class index is not in [0, C)
    public Loss of(Tensor logits, Tensor target) {
        Tensor rows = rows(logits);
        return target.dtype().isFloating() ? probabilities(rows, logits, target) : classes(rows, logits, target);
    }

    /// One loss per row `[N]`, 0 in ignored rows; no gradient is lost by taking only some.
    public Tensor perRow(Tensor logits, Tensor target) {
        Tensor rows = rows(logits);
        return target.dtype().isFloating() ? softRows(rows, logits, target) : hardRows(rows, flat(logits, target));
    }

    private Loss classes(Tensor rows, Tensor logits, Tensor target) {
        Tensor flat = flat(logits, target);
        Tensor sum = hardRows(rows, flat).sum();
        return new Loss(sum, count(flat, rows));
    }

    /// Class indices in the order of the rows. Their shape is checked, as one with the same number of elements
    /// (height and width swapped, say) would pair rows with the wrong classes.
    private static Tensor flat(Tensor logits, Tensor target) {
        Shape one = logits.rank() == 1 ? Shape.SCALAR : logits.shape().without(1);
        boolean single = logits.rank() == 1 && target.shape().equals(Shape.of(1));
        if (!target.shape().equals(one) && !single) {
            throw new OpException("cross_entropy: expects class indices of shape " + one + ", got logits "
                    + logits.type() + ", target " + target.type());
        }
        return target.reshape(target.numel());
    }

    private Tensor hardRows(Tensor rows, Tensor classes) {
        LossOp op = new LossOp.CrossEntropy(labelSmoothing, ignoreIndex);
        Tensor weights = classWeights;
        Tensor[] results = weights == null
                ? Engine.run(op, rows, classes)
                : Engine.run(op, rows, classes, weights.to(rows.dtype()));
        return results[0];
    }

    private double count(Tensor classes, Tensor rows) {
        long[] host = classes.toLongs();
        double[] weights =
                classWeights == null ? null : classWeights.to(DType.F64).toDoubles();
        double count = 0;
        for (long c : host) {
            if (c != ignoreIndex) {
                count += weights == null ? 1 : weights[(int) c];
            }
        }
        return count;
    }

    private Loss probabilities(Tensor rows, Tensor logits, Tensor target) {
        Tensor each = softRows(rows, logits, target);
        return new Loss(each.sum(), each.numel());
    }

    private Tensor softRows(Tensor rows, Tensor logits, Tensor target) {
        if (!target.shape().equals(logits.shape())) {
            throw new OpException(
                    "cross_entropy: expects class indices, or probabilities of the logits' shape, got logits "
                            + logits.type() + ", target " + target.type());
        }
        Tensor t = rows(target).to(rows.dtype());
        if (labelSmoothing > 0) {
            t = t.mul(1 - labelSmoothing).add(labelSmoothing / rows.size(1));
        }
        if (classWeights != null) {
            t = t.mul(classWeights.to(rows.dtype())); // Σ (w·t)·(lse − z): the weight joins the target
        }
        return Engine.run(new LossOp.SoftCrossEntropy(), rows, t)[0];
    }

    /// `[N, C, ...]` as `[N · ..., C]`.
    private static Tensor rows(Tensor x) {
        if (x.rank() == 1) {
            return x.unsqueeze(0);
        }
        if (x.rank() == 0) {
            throw new OpException("cross_entropy: expects logits [N, C, ...], got " + x.type());
        }
        if (x.rank() == 2) {
            return x;
        }
        int c = x.size(1);
        int positions = 1;
        for (int d = 2; d < x.rank(); d++) {
            positions *= x.size(d);
        }
        Tensor last = x.reshape(x.size(0), c, positions).transpose(1, 2);
        return last.reshape(x.size(0) * positions, c);
    }
}
