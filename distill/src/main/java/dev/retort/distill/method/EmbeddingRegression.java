package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// The student's vector copies the teacher's: for networks that give embeddings and not classes.
///
/// ```
/// SQUARED: L = mean over samples of ‖s − t‖² / D
/// COSINE:  L = mean over samples of 1 − ⟨s, t⟩ / (‖s‖ ‖t‖)
/// ```
///
/// The methods that reason about wrong classes (label mixing, loss correction) have no meaning here;
/// [dev.retort.distill.estimate.DebiasWeights] has, for any loss.
///
/// @param student a tap with vectors [B, D]
/// @param teacher a tap with vectors [B, D]
/// @param measure what is minimised
public record EmbeddingRegression(Tap student, Tap teacher, Measure measure) implements DistillationMethod {
    private static final double FLOOR = 1e-24;

    /// The distance of two vectors.
    public enum Measure {
        /// Mean squared difference of their elements.
        SQUARED,
        /// One minus the cosine of the angle between them.
        COSINE
    }

    /// What the whole networks return, by cosine.
    public EmbeddingRegression() {
        this(Tap.LOGITS, Tap.LOGITS, Measure.COSINE);
    }

    @Override
    public String name() {
        return "embedding";
    }

    @Override
    public Set<Need> needs() {
        return student.equals(Tap.LOGITS)
                ? Set.of(new Need.TeacherTap(teacher))
                : Set.of(new Need.StudentTap(student), new Need.TeacherTap(teacher));
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("embedding", 1, new Loss(this)));
    }

    /// The distance of each row.
    ///
    /// @param student [B, D]
    /// @param teacher [B, D]
    /// @return `[B]`
    /// @throws IllegalArgumentException if the shapes differ
    public static Tensor rows(Tensor student, Tensor teacher, Measure measure) {
        if (student.rank() != 2 || !student.shape().equals(teacher.shape())) {
            throw new IllegalArgumentException("embedding: expected vectors [B, D] of one size, got " + student.shape()
                    + " from the student and " + teacher.shape() + " from the teacher");
        }
        Tensor wanted = teacher.to(student.dtype());
        return switch (measure) {
            case SQUARED -> student.sub(wanted).square().mean(false, 1);
            case COSINE -> {
                Tensor inner = student.mul(wanted).sum(false, 1);
                Tensor lengths = student.square()
                        .sum(false, 1)
                        .mul(wanted.square().sum(false, 1))
                        .clampMin(FLOOR)
                        .sqrt();
                yield inner.div(lengths).neg().add(1.0);
            }
        };
    }

    private record Loss(EmbeddingRegression method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            return rows(step.student(method.student), step.teacher(method.teacher), method.measure)
                    .sum();
        }
    }
}
