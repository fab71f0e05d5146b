package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Word-level distillation of language models: at every token the student's distribution of the next one
/// comes close to the teacher's.
///
/// ```
/// L = (1/N) Σ_{tokens that count} [ w_label · CE(xₜ₊₁, qₜ) + w_kd · D(pₜ, qₜ) ]
/// p, q = softmax(z/T) of teacher and student, logits [B, T, V];  N = tokens that count in the whole step
/// ```
///
/// N is counted over all micro-batches: texts with much padding do not weigh more than others. Which
/// tokens count: the targets [T] of the samples if they have some, below 0 for tokens that do not; else
/// every next token that is not padding. So plain token rows are the unlabelled pool of a run, and
/// prompts can be left out by targets. Both networks see the same tokens. Without validation set:
/// accuracy is that of classes.
///
/// Checkpoints may have rows of padding at the end of their vocabulary; `vocabulary` cuts both to the
/// tokens that there are, before the softmax.
///
/// Source: Kim and Rush, "Sequence-level knowledge distillation", 2016, arXiv 1606.07947, for the
/// forward divergence; see [Divergence] for the others. DistiLLM's loss is `new TokenKd(new
/// Divergence.SkewKl())`.
///
/// @param divergence    D
/// @param temperature   T, more than 0; without a factor T², see [Divergence#rows]
/// @param labelWeight   w_label, at least 0
/// @param teacherWeight w_kd, more than 0
/// @param padding       token that stands for nothing, −1 for none
/// @param vocabulary    tokens that are compared, 0 for all
public record TokenKd(
        Divergence divergence,
        double temperature,
        double labelWeight,
        double teacherWeight,
        long padding,
        int vocabulary)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public TokenKd {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("token kd: expected a positive temperature, got " + temperature);
        }
        if (!(labelWeight >= 0) || !(teacherWeight > 0) || Double.isInfinite(labelWeight + teacherWeight)) {
            throw new IllegalArgumentException(
                    "token kd: expected a label weight of at least 0 and a positive teacher weight, got " + labelWeight
                            + " and " + teacherWeight);
        }
        if (padding < -1 || vocabulary < 0 || vocabulary == 1) {
            throw new IllegalArgumentException("token kd: expected a padding token or -1 and a vocabulary of at least 2"
                    + " or 0, got " + padding + " and " + vocabulary);
        }
    }

    /// The divergence alone at temperature 1, without padding.
    public TokenKd(Divergence divergence) {
        this(divergence, 1, 0, 1, -1, 0);
    }

    /// The same with a token that stands for nothing.
    public TokenKd withPadding(long token) {
        return new TokenKd(divergence, temperature, labelWeight, teacherWeight, token, vocabulary);
    }

    /// The same with other weights.
    public TokenKd withWeights(double label, double teacher) {
        return new TokenKd(divergence, temperature, label, teacher, padding, vocabulary);
    }

    @Override
    public String name() {
        return "token-kd";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    /// The terms.
    ///
    /// @throws IllegalArgumentException if the vocabularies have other sizes and are not cut
    @Override
    public List<Term> terms(Setup setup) {
        Shape student = setup.student(Tap.LOGITS);
        Shape teacher = setup.teacher(Tap.LOGITS);
        boolean fits = vocabulary == 0
                ? student.equals(teacher)
                : student.rank() == 2
                        && teacher.rank() == 2
                        && student.dim(0) == teacher.dim(0)
                        && Math.min(student.dim(1), teacher.dim(1)) >= vocabulary;
        if (!fits) {
            throw new IllegalArgumentException("token kd: expected logits of the same tokens from student and teacher"
                    + " (a vocabulary cuts rows of padding; other tokens are for universal logit distillation), got "
                    + student + " and " + teacher + " with vocabulary " + vocabulary);
        }
        List<Term> terms = new ArrayList<>();
        if (labelWeight > 0) {
            terms.add(new Term("label", labelWeight, new TokenLabelLoss(padding)));
        }
        terms.add(new Term("kd", teacherWeight, new Loss(divergence, temperature, padding, vocabulary)));
        return terms;
    }

    private record Loss(Divergence divergence, double temperature, long padding, int vocabulary) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return TokenTargets.of(batch, padding).count();
        }

        @Override
        public Tensor sum(Step step) {
            TokenTargets targets = TokenTargets.of(step.batch(), padding);
            Tensor student = cut(targets.rows(step.studentLogits()));
            Tensor teacher = cut(targets.rows(step.teacherLogits()));
            return divergence.rows(student, teacher, temperature).sum();
        }

        private Tensor cut(Tensor rows) {
            return vocabulary == 0 ? rows : rows.narrow(1, 0, vocabulary);
        }
    }
}
