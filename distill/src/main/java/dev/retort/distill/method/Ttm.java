package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Transformed teacher matching: the teacher's probabilities are raised to a power, the student has no
/// temperature.
///
/// ```
/// p̃ₜ ∝ pₜ^γ = softmax(γ zₜ)
/// L  = CE(y, pₛ) + β · (1/N) Σᵢ uᵢ · KL(p̃ₜ ‖ pₛ)           uᵢ = 1, or weighted (WTTM) Σⱼ pₜ(j)^γ
/// ```
///
/// γ = 1/T for a temperature T. There is no T²: the student's logits are not divided. u grows with how smooth
/// the teacher's answer is, from 1 (one-hot) to L^(1−γ).
///
/// Source: Zheng and Yang, "Knowledge distillation based on transformed teacher matching", 2024, arXiv
/// 2402.11148.
///
/// @param power         γ, in (0, 1]
/// @param teacherWeight β, at least 0; tuned by pair of networks in the paper
/// @param weighted      whether samples have weights (WTTM)
public record Ttm(double power, double teacherWeight, boolean weighted) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the power is outside (0, 1], or the weight is negative or not finite
    public Ttm {
        if (!(power > 0 && power <= 1)) {
            throw new IllegalArgumentException("ttm: expected a power in (0, 1], got " + power);
        }
        LogitLoss.requireWeight("ttm", "teacher weight", teacherWeight);
    }

    /// γ = 0.1, β = 45, without weights of samples: an example of public scripts.
    public Ttm() {
        this(0.1, 45, false);
    }

    /// WTTM with γ = 0.2, β = 4: an example of public scripts.
    public static Ttm ofWeights() {
        return new Ttm(0.2, 4, true);
    }

    @Override
    public String name() {
        return weighted ? "wttm" : "ttm";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss loss = new LogitLoss((student, teacher, classes) -> {
            Tensor rows = rows(student, teacher, power);
            return weighted ? rows.mul(weights(teacher, power)) : rows;
        });
        return List.of(new Term("label", 1, new LabelLoss()), new Term("ttm", teacherWeight, loss));
    }

    /// KL(p̃ₜ ‖ pₛ) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @return `[B]`
    public static Tensor rows(Tensor student, Tensor teacher, double power) {
        return LogitLoss.divergence(teacher.mul(power).logSoftmax(1), student.logSoftmax(1));
    }

    /// Σⱼ pₜ(j)^γ of each row of logits: `[B]`.
    public static Tensor weights(Tensor teacher, double power) {
        return teacher.logSoftmax(1).mul(power).exp().sum(false, 1);
    }
}
