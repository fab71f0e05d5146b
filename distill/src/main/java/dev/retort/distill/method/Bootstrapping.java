package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// The teacher's label blended with what the student believes itself.
///
/// ```
/// SOFT: L = −Σⱼ (β yⱼ + (1 − β) fⱼ) ln fⱼ                         the gradient flows through both f
/// HARD: L = −Σⱼ (β yⱼ + (1 − β) [j = argmax f]) ln fⱼ
/// ```
///
/// The soft form adds (1 − β) times the student's entropy to the loss. True labels are learnt by plain
/// cross-entropy.
///
/// Source: Reed, Lee, Anguelov, Szegedy, Erhan and Rabinovich, "Training deep neural networks on noisy labels
/// with bootstrapping", 2014, arXiv 1412.6596.
///
/// @param belief the student's part
/// @param beta   β, weight of the teacher's label, in [0, 1]
/// @param form   the teacher's label
public record Bootstrapping(TeacherLabel belief, double beta, TeacherLabel form) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if β is outside [0, 1]
    public Bootstrapping {
        if (!(beta >= 0 && beta <= 1)) {
            throw new IllegalArgumentException("bootstrapping: expected beta in [0, 1], got " + beta);
        }
    }

    /// The student's class with β = 0.8, hard labels.
    public static Bootstrapping hard() {
        return new Bootstrapping(TeacherLabel.HARD, 0.8, TeacherLabel.HARD);
    }

    /// The student's probabilities with β = 0.95, hard labels.
    public static Bootstrapping soft() {
        return new Bootstrapping(TeacherLabel.SOFT, 0.95, TeacherLabel.HARD);
    }

    @Override
    public String name() {
        return belief == TeacherLabel.HARD ? "bootstrap-hard" : "bootstrap-soft";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(
                new Term("bootstrap", 1, new PoolLoss(form, (logits, targets) -> rows(logits, targets, belief, beta))));
    }

    /// L of each row.
    ///
    /// @param logits  [B, L]
    /// @param targets [B, L], rows sum to 1
    /// @return `[B]`
    public static Tensor rows(Tensor logits, Tensor targets, TeacherLabel belief, double beta) {
        Tensor logProbabilities = logits.logSoftmax(1);
        Tensor own = switch (belief) {
            case HARD -> logits.detach().argmax(1).oneHot(logits.size(1), logits.dtype());
            case SOFT -> logProbabilities.exp();
        };
        Tensor blend = targets.mul(beta).add(own.mul(1 - beta));
        return blend.mul(logProbabilities).sum(false, 1).neg();
    }
}
