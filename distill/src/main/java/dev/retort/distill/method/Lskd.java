package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Knowledge distillation with standardised logits: every row has mean 0 and deviation 1 before the
/// temperature.
///
/// ```
/// Z(z) = (z − mean z) / σ(z)                                          σ with L − 1 in its denominator
/// L    = w_ce · CE(y, softmax(zₛ)) + w_kd · T² · (1/N) Σᵢ KL(softmax(Z(zₜ)/T) ‖ softmax(Z(zₛ)/T))
/// ```
///
/// The student copies the order and the relative distances of the teacher's logits, not their size: the second
/// term does not see a shift of either row, nor a positive factor on it. The gradient goes through the
/// student's mean and deviation; rows that are all equal have a deviation of 1e-7 and no gradient through it.
/// [Dkd] takes the same standardisation.
///
/// Source: Sun, Ren, Li, Wang and Cao, "Logit standardization in knowledge distillation", 2024, arXiv
/// 2403.01427.
///
/// @param temperature   T, more than 0
/// @param labelWeight   w_ce, at least 0
/// @param teacherWeight w_kd, at least 0
public record Lskd(double temperature, double labelWeight, double teacherWeight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, or a weight is negative or not finite
    public Lskd {
        LogitLoss.requirePositive("lskd", "temperature", temperature);
        LogitLoss.requireWeight("lskd", "label weight", labelWeight);
        LogitLoss.requireWeight("lskd", "teacher weight", teacherWeight);
    }

    /// T = 2, w_ce = 0.1, w_kd = 9: the paper's for CIFAR.
    public Lskd() {
        this(2, 0.1, 9);
    }

    @Override
    public String name() {
        return "lskd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss loss = new LogitLoss(
                (student, teacher, classes) -> HintonKd.divergence(rows(student), rows(teacher), temperature));
        return List.of(new Term("label", labelWeight, new LabelLoss()), new Term("lskd", teacherWeight, loss));
    }

    /// Each row of logits [B, L] with mean 0 and deviation 1.
    public static Tensor rows(Tensor logits) {
        return logits.sub(logits.mean(true, 1)).div(LogitLoss.deviation(logits));
    }
}
