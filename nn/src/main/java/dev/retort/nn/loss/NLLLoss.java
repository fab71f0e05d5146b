package dev.retort.nn.loss;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Negative log-likelihood −w_y · x_y of log-probabilities x, as
/// [dev.retort.nn.layer.LogSoftmax] gives them. [CrossEntropy] takes logits and does both in one pass.
///
/// **Shape**: log-probabilities `[N, C]` or `[N, C, ...]`, or `[C]` of one sample; classes `[N]`, `[N,
/// ...]` or a scalar.
///
/// @param classWeights factor of each class `[C]`, or null; the count is the sum of the targets' weights
/// @param ignoreIndex  class index of elements that do not count
public record NLLLoss(@Nullable Tensor classWeights, long ignoreIndex) {
    /// No weights, −100 ignored.
    public NLLLoss() {
        this(null, CrossEntropy.IGNORE);
    }

    /// The loss of log-probabilities against classes, counted by the targets' weights.
    ///
    /// @throws OpException if the shapes do not fit, or a class is not in [0, C)
    public Loss of(Tensor logProbabilities, Tensor target) {
        return new Loss(each(logProbabilities, target).sum(), count(target));
    }

    /// One loss for each element of the target, 0 where it is ignored.
    public Tensor each(Tensor logProbabilities, Tensor target) {
        Tensor x = logProbabilities.rank() == 1 ? logProbabilities.unsqueeze(0) : logProbabilities;
        Tensor y = logProbabilities.rank() == 1 ? target.reshape(1) : target;
        if (x.rank() < 2 || !y.shape().equals(x.shape().without(1)) || y.dtype().isFloating()) {
            throw new OpException("nll_loss: expects log-probabilities [N, C, ...] and class indices [N, ...], got "
                    + logProbabilities.type() + " and " + target.type());
        }
        int classes = x.size(1);
        for (long c : y.toLongs()) {
            if (c != ignoreIndex && (c < 0 || c >= classes)) {
                throw new OpException("nll_loss: expects classes in [0, " + classes + "), got " + c);
            }
        }
        Tensor weights = classWeights;
        if (weights != null && !weights.shape().equals(Shape.of(classes))) {
            throw new OpException("nll_loss: expects class weights [" + classes + "], got " + weights.type());
        }
        Tensor ignored = y.eq(ignoreIndex);
        Tensor index = y.to(DType.I64).maskedFill(ignored, 0);
        Tensor loss = x.gather(1, index.unsqueeze(1)).squeeze(1).neg();
        if (weights != null) {
            Tensor own = weights.to(x.dtype()).indexSelect(0, index.flatten(0)).reshape(y.shape());
            loss = loss.mul(own);
        }
        Tensor counted = loss.maskedFill(ignored, 0);
        return logProbabilities.rank() == 1 ? counted.reshape(target.shape()) : counted;
    }

    private double count(Tensor target) {
        double[] weights =
                classWeights == null ? null : classWeights.to(DType.F64).toDoubles();
        double count = 0;
        for (long c : target.toLongs()) {
            if (c != ignoreIndex) {
                count += weights == null ? 1 : weights[(int) c];
            }
        }
        return count;
    }
}
