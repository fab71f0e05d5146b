package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;

/// Cross-entropy with the true labels; samples without one contribute 0.
///
/// ```
/// Σ_{i labelled} CE(yᵢ, softmax(zᵢ)),  divided by the number of all samples
/// ```
///
/// Dividing by all samples gives every labelled sample the same weight, however many of them a batch
/// happens to have.
///
/// @param peer           which of several students
/// @param labelSmoothing in [0, 1]: that much of the label is spread evenly over all classes
public record LabelLoss(int peer, double labelSmoothing) implements LossTerm {
    /// Of the only student, without smoothing.
    public LabelLoss() {
        this(0, 0);
    }

    @Override
    public double count(StepBatch batch) {
        return batch.size();
    }

    @Override
    public Tensor sum(Step step) {
        return crossEntropy(step.peerLogits(peer), step.batch().labels(), labelSmoothing)
                .sum();
    }

    /// Cross-entropy of each row of logits [B, L] with classes [B]; 0 where the class is −1.
    static Tensor crossEntropy(Tensor logits, Tensor classes, double labelSmoothing) {
        return Engine.one(
                new LossOp.CrossEntropy(labelSmoothing, StepBatch.UNLABELLED), logits, classes.to(logits.device()));
    }
}
