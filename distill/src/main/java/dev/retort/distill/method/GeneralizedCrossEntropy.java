package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// A loss between cross-entropy and mean absolute error, against the teacher's label.
///
/// ```
/// L_q(z, y) = Σⱼ yⱼ (1 − fⱼ^q) / q          f = softmax(z)
/// ```
///
/// q → 0 is cross-entropy, q = 1 is half the mean absolute error. True labels are learnt by plain
/// cross-entropy.
///
/// Source: Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy
/// labels", 2018, arXiv 1805.07836; without the truncation that the paper adds later in training.
///
/// @param q    in (0, 1]; the paper uses 0.7
/// @param form the teacher's label
public record GeneralizedCrossEntropy(double q, TeacherLabel form) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if q is outside (0, 1]
    public GeneralizedCrossEntropy {
        if (!(q > 0 && q <= 1)) {
            throw new IllegalArgumentException("gce: expected q in (0, 1], got " + q);
        }
    }

    /// q = 0.7 with hard labels.
    public GeneralizedCrossEntropy() {
        this(0.7, TeacherLabel.HARD);
    }

    @Override
    public String name() {
        return "gce";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("gce", 1, new PoolLoss(form, (logits, targets) -> rows(logits, targets, q))));
    }

    /// L_q of each row.
    ///
    /// @param logits  [B, L]
    /// @param targets [B, L], rows sum to 1
    /// @return `[B]`
    public static Tensor rows(Tensor logits, Tensor targets, double q) {
        Tensor power = logits.logSoftmax(1).mul(q).exp(); // f^q
        return power.neg().add(1.0).mul(targets).sum(false, 1).mul(1 / q);
    }
}
