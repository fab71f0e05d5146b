package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Teacher-free distillation: a virtual teacher that is right with a fixed probability and softened like a real
/// one.
///
/// ```
/// d(j) = a if j = y, (1 − a)/(L − 1) otherwise
/// L    = (1 − α) CE(y, softmax(z)) + α · (1/N) Σᵢ KL(softmax(d/T) ‖ softmax(z/T))
/// ```
///
/// As in the authors' code, softmax is applied to the probabilities d themselves; at a high T the target is nearly
/// even, so the effect is close to label smoothing. Their code averages the divergence over classes as well; here
/// it is summed, so α is not comparable. There is no T². Labelled samples only.
///
/// Source: Yuan, Tay, Li, Wang and Feng, "Revisiting knowledge distillation via label smoothing regularization",
/// 2020, arXiv 1909.11723 (Tf-KD reg).
///
/// @param right       a, in (0, 1]
/// @param temperature T, more than 0
/// @param weight      α, in [0, 1]
public record TeacherFreeKd(double right, double temperature, double weight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a is outside (0, 1], α outside [0, 1], or the temperature not positive
    public TeacherFreeKd {
        if (!(right > 0 && right <= 1)) {
            throw new IllegalArgumentException(
                    "tf-kd: expected a probability of the right class in (0, 1], got " + right);
        }
        LogitLoss.requirePositive("tf-kd", "temperature", temperature);
        if (!(weight >= 0 && weight <= 1)) {
            throw new IllegalArgumentException("tf-kd: expected a weight in [0, 1], got " + weight);
        }
    }

    /// a = 0.99, T = 20 (the paper's), α = 0.1 (ours).
    public TeacherFreeKd() {
        this(0.99, 20, 0.1);
    }

    @Override
    public String name() {
        return "tf-kd";
    }

    @Override
    public Scope scope() {
        return Scope.LABELLED;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(
                new Term("label", 1 - weight, new LabelLoss()), new Term("virtual", weight, new VirtualLoss(this)));
    }

    /// KL(softmax(d/T) ‖ softmax(z/T)) of each row; 0 where the class is −1.
    ///
    /// @param logits  [B, L]
    /// @param classes `[B]`
    /// @return `[B]`
    public Tensor rows(Tensor logits, Tensor classes) {
        double wrong = (1 - right) / Math.max(1, logits.size(1) - 1);
        Tensor known = classes.ge(0.0).to(logits.dtype());
        Tensor virtual = classes.mul(classes.ge(0.0).to(classes.dtype()))
                .oneHot(logits.size(1), logits.dtype())
                .mul(right - wrong)
                .add(wrong);
        Tensor target = virtual.mul(1 / temperature).logSoftmax(1);
        return LogitLoss.divergence(target, logits.mul(1 / temperature).logSoftmax(1))
                .mul(known);
    }

    private record VirtualLoss(TeacherFreeKd method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor logits = step.studentLogits();
            return method.rows(logits, step.batch().labels().to(logits.device()))
                    .sum();
        }
    }
}
