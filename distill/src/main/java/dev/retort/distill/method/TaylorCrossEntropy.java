package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// The Taylor series of cross-entropy in 1 − f, cut off, against the teacher's label: less steep where the
/// student disagrees strongly, and so less sensitive to wrong labels.
///
/// ```
/// Lₜ(z, y) = Σⱼ yⱼ Σ_{i=1..t} (1 − fⱼ)ⁱ / i          f = softmax(z)
/// ```
///
/// t = 1 is half the mean absolute error, t → ∞ is cross-entropy. True labels are learnt by plain
/// cross-entropy. Not to be confused with the Taylor softmax, which approximates another function.
///
/// Source: Feng, Shu, Lin, Lv, Li and An, "Can cross entropy loss be robust to label noise?", IJCAI 2020.
/// Soft labels are our extension.
///
/// @param order t, at least 1; the paper tries 2 to 6
/// @param form  the teacher's label
public record TaylorCrossEntropy(int order, TeacherLabel form) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the order is below 1
    public TaylorCrossEntropy {
        if (order < 1) {
            throw new IllegalArgumentException("taylor: expected an order of at least 1, got " + order);
        }
    }

    /// Order 4 with hard labels.
    public TaylorCrossEntropy() {
        this(4, TeacherLabel.HARD);
    }

    @Override
    public String name() {
        return "taylor";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("taylor", 1, new PoolLoss(form, (logits, targets) -> rows(logits, targets, order))));
    }

    /// Lₜ of each row.
    ///
    /// @param logits  [B, L]
    /// @param targets [B, L], rows sum to 1
    /// @return `[B]`
    public static Tensor rows(Tensor logits, Tensor targets, int order) {
        Tensor rest = logits.softmax(1).neg().add(1.0); // 1 − f
        // Horner's scheme, from the highest power down.
        Tensor sum = rest.mul(1.0 / order);
        for (int i = order - 1; i >= 1; i--) {
            sum = sum.add(1.0 / i).mul(rest);
        }
        return sum.mul(targets).sum(false, 1);
    }
}
