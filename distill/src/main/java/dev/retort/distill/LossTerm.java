package dev.retort.distill;

import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// One loss of an objective: a sum over a batch, and the number that it is to be divided by.
///
/// The loop divides once, by the count of the whole step. So a step that is cut into several
/// micro-batches has the same gradient as one big batch, and a ragged last batch is not weighted up. That
/// is why the count is asked for before anything is computed.
public interface LossTerm {
    /// What the sum over `batch` is to be divided by, usually its number of samples; 0 if the term has
    /// nothing to say.
    double count(StepBatch batch);

    /// The sum of the loss over the batch of `step`, a scalar.
    Tensor sum(Step step);

    /// Networks and memory that belong to this loss and not to the student: regressors, projectors,
    /// critics, banks. They are trained with the student, saved in checkpoints, and not part of the
    /// exported student.
    default @Nullable Module adapters() {
        return null;
    }

    /// Called before the first step of every epoch, also of the first: what is learnt from the student as it
    /// is now is kept in buffers of [#adapters], so that it is in checkpoints.
    default void beforeEpoch(EpochStart start) {}

    /// Called after the optimiser's step, for each of its micro-batches in order; memory banks are
    /// updated here.
    default void afterStep(Step step) {}
}
