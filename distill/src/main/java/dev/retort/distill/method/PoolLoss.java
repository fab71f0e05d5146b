package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.tensor.Tensor;

/// Cross-entropy with the true label where it is known, and a loss of one's own against the teacher's label
/// elsewhere.
///
/// ```
/// Σ_{i labelled} CE(yᵢ, softmax(zᵢ)) + Σ_{i in the pool} loss(zᵢ, yₜ(xᵢ)),  divided by the number of all samples
/// ```
///
/// @param form the teacher's label
/// @param loss against it
record PoolLoss(TeacherLabel form, RowLoss loss) implements LossTerm {
    /// A loss of each sample.
    @FunctionalInterface
    interface RowLoss {
        /// The losses `[B]`.
        ///
        /// @param logits  of the student [B, L]
        /// @param targets the teacher's labels [B, L]; rows sum to 1
        Tensor of(Tensor logits, Tensor targets);
    }

    @Override
    public double count(StepBatch batch) {
        return batch.size();
    }

    @Override
    public Tensor sum(Step step) {
        return rows(step, form, loss).sum();
    }

    /// The losses `[B]`, before they are summed.
    static Tensor rows(Step step, TeacherLabel form, RowLoss loss) {
        Tensor logits = step.studentLogits();
        Tensor labels = step.batch().labels();
        Tensor said = loss.of(logits, form.of(step.teacherLabels(), logits.dtype()));
        return Tensor.where(labels.ge(0.0), LabelLoss.crossEntropy(logits, labels, 0), said);
    }
}
