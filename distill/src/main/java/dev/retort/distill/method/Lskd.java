package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochStart;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Standardised logits for any method on logits: every row has mean 0 and deviation 1 before the method sees it.
///
/// ```
/// Z(z) = (z − mean z) / σ(z)                                     σ with L − 1 in its denominator
/// L    = terms on labels(zₛ) + other terms(Z(zₛ), Z(zₜ))
/// ```
///
/// The student copies the order and the relative distances of the teacher's logits, not their size: what compares
/// the two does not see a shift of either row, nor a positive factor on it. Cross-entropy with the labels takes the
/// logits as they are. The gradient goes through the student's mean and deviation; rows that are all equal have a
/// deviation of 1e-7 and no gradient through it.
///
/// `new Lskd(new Dkd(2, 1, 8, 20))` is the paper's combination with [Dkd], whose temperature is then lower.
///
/// Source: Sun, Ren, Li, Wang and Cao, "Logit standardization in knowledge distillation", 2024, arXiv
/// 2403.01427.
///
/// @param method compares logits of student and teacher, in one run
public record Lskd(DistillationMethod method) implements Around {
    /// Checks the method.
    ///
    /// @throws IllegalArgumentException if it has no use for the teacher's logits, or several runs
    public Lskd {
        if (!method.needs().contains(new Need.TeacherTap(Tap.LOGITS)) || !Around.fits(method)) {
            throw new IllegalArgumentException(
                    "lskd: expected a method of one run that compares logits of student and teacher, got " + method);
        }
    }

    /// Around [HintonKd] with T = 2, w_ce = 0.1, w_kd = 9: the paper's for CIFAR.
    public Lskd() {
        this(new HintonKd(2, 0.1, 9));
    }

    @Override
    public String name() {
        return method instanceof HintonKd ? "lskd" : "lskd-" + method.name();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return method.terms(setup).stream().map(Lskd::around).toList();
    }

    private static Term around(Term term) {
        return Around.onLabels(term)
                ? term
                : new Term(term.name(), term.weight(), term.ramp(), new Standardised(term.loss()));
    }

    /// Each row of logits [..., L] with mean 0 and deviation 1.
    public static Tensor rows(Tensor logits) {
        return logits.sub(logits.mean(true, logits.rank() - 1)).div(LogitLoss.deviation(logits));
    }

    private record Standardised(LossTerm inner) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return inner.count(batch);
        }

        @Override
        public Tensor sum(Step step) {
            return inner.sum(step.withLogits(Lskd::rows));
        }

        @Override
        public @Nullable Module adapters() {
            return inner.adapters();
        }

        @Override
        public void beforeEpoch(EpochStart start) {
            inner.beforeEpoch(start);
        }

        @Override
        public void afterStep(Step step) {
            inner.afterStep(step.withLogits(Lskd::rows));
        }
    }
}
