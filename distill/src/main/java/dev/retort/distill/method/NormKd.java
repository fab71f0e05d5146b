package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Knowledge distillation with a temperature for each row, in proportion to the spread of its logits.
///
/// ```
/// Tₜ = τ σ(zₜ,ᵢ),  Tₛ = τ σ(zₛ,ᵢ)                                 σ with L − 1 in its denominator
/// L  = w_ce · CE(y, softmax(zₛ)) + w_kd · (1/N) Σᵢ Tₜ² · KL(softmax(zₜ/Tₜ) ‖ softmax(zₛ/Tₛ))
/// ```
///
/// The divergence is that of [Lskd]; they differ in the factor Tₜ². As in the authors' code, the gradient goes
/// through the student's σ, so the loss does not see the size of the student's logits.
///
/// Source: Chi, Zheng, Li, Yang, Wu, Lin and Cai, "NormKD: normalized logits for knowledge distillation", 2023,
/// arXiv 2308.00520.
///
/// @param factor        τ, more than 0
/// @param labelWeight   w_ce, at least 0
/// @param teacherWeight w_kd, at least 0
public record NormKd(double factor, double labelWeight, double teacherWeight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the factor is not positive, or a weight is negative or not finite
    public NormKd {
        LogitLoss.requirePositive("normkd", "factor of the temperature", factor);
        LogitLoss.requireWeight("normkd", "label weight", labelWeight);
        LogitLoss.requireWeight("normkd", "teacher weight", teacherWeight);
    }

    /// τ = 2, w_ce = 0.1, w_kd = 0.9.
    public NormKd() {
        this(2, 0.1, 0.9);
    }

    @Override
    public String name() {
        return "normkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss loss = new LogitLoss((student, teacher, classes) -> rows(student, teacher, factor));
        return List.of(new Term("label", labelWeight, new LabelLoss()), new Term("normkd", teacherWeight, loss));
    }

    /// Tₜ² · KL(softmax(zₜ/Tₜ) ‖ softmax(zₛ/Tₛ)) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @return `[B]`
    public static Tensor rows(Tensor student, Tensor teacher, double factor) {
        Tensor hot = LogitLoss.deviation(teacher).mul(factor);
        Tensor own = LogitLoss.deviation(student).mul(factor);
        Tensor kl = LogitLoss.divergence(
                teacher.div(hot).logSoftmax(1), student.div(own).logSoftmax(1));
        return kl.mul(hot.squeeze(1).square());
    }
}
