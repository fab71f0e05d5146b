package dev.retort.distill.select;

import dev.retort.distill.estimate.Confidence;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// What is known about a pool before anybody is asked.
///
/// @param student         the student's class probabilities, one row a sample
/// @param embeddings      features of the samples [N, D], or null; of a student: what its classifier receives
/// @param labelled        features of the samples that have labels already [S, D], or null
/// @param teacherAccuracy estimated share of samples that the teacher gets right, in [0, 1]; NaN if not known
public record Candidates(
        Confidence student,
        @Nullable Tensor embeddings,
        @Nullable Tensor labelled,
        double teacherAccuracy) {
    /// Checks shapes and range.
    ///
    /// @throws IllegalArgumentException if there is not one row of embeddings a sample, the widths
    ///     differ, or the accuracy is outside [0, 1]
    public Candidates {
        if (embeddings != null && (embeddings.rank() != 2 || embeddings.size(0) != student.size())) {
            throw new IllegalArgumentException(
                    "candidates: expected embeddings [" + student.size() + ", D], got " + embeddings.type());
        }
        if (labelled != null
                && (embeddings == null || labelled.rank() != 2 || labelled.size(1) != embeddings.size(1))) {
            throw new IllegalArgumentException("candidates: expected embeddings of labelled samples as wide as those of"
                    + " the pool, " + (embeddings == null ? "none" : embeddings.type()) + ", got " + labelled.type());
        }
        if (teacherAccuracy < 0 || teacherAccuracy > 1) {
            throw new IllegalArgumentException(
                    "candidates: expected a teacher accuracy in [0, 1], got " + teacherAccuracy);
        }
    }

    /// A pool of which only the student's logits [N, L] are known.
    ///
    /// @throws IllegalArgumentException if the logits are not a matrix of at least two columns, or one
    ///     is not finite; the message names the row
    public static Candidates ofLogits(Tensor logits) {
        return new Candidates(Confidence.ofLogits(logits), null, null, Double.NaN);
    }

    /// The same with embeddings of the pool, and of the labelled samples if there are any.
    public Candidates withEmbeddings(Tensor ofPool, @Nullable Tensor ofLabelled) {
        return new Candidates(student, ofPool, ofLabelled, teacherAccuracy);
    }

    /// The same with an estimate of the teacher's accuracy.
    public Candidates withTeacherAccuracy(double estimate) {
        return new Candidates(student, embeddings, labelled, estimate);
    }

    /// Number of samples N.
    public int size() {
        return student.size();
    }

    /// The teacher's accuracy.
    ///
    /// @throws IllegalArgumentException if it is not known
    public double requireTeacherAccuracy(String selector) {
        if (Double.isNaN(teacherAccuracy)) {
            throw new IllegalArgumentException(selector
                    + ": expects an estimate of the teacher's accuracy, such as that on a validation set, got none");
        }
        return teacherAccuracy;
    }

    /// The embeddings [N, D].
    ///
    /// @throws IllegalArgumentException if there are none
    public Tensor requireEmbeddings(String selector) {
        Tensor present = embeddings;
        if (present == null) {
            throw new IllegalArgumentException(selector + ": expects embeddings of the pool [N, D], got none");
        }
        return present;
    }
}
