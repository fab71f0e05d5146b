package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Normalised knowledge distillation: the cross-entropy of the target weighted by the teacher's trust in it, and
/// that of the other classes after both sides are normalised over them.
///
/// ```
/// L = CE(y, pₛ) + (1/N) Σᵢ [ −pₜ(y) ln pₛ(y) − γ λ² Σ_{j≠y} p̂ₜ(j) ln p̂ₛ(j) ]
/// p = softmax(z),  p̂ = softmax(z/λ) over the L − 1 other classes
/// ```
///
/// The target is really left out of p̂ (one published version of the code keeps it). A sample without a label has
/// the teacher's class for its target (ours).
///
/// Source: Yang, Zeng, Li, Zhang, Yuan and Li, "From knowledge distillation to self-knowledge distillation: a
/// unified approach with normalized loss and customized soft labels", 2023, arXiv 2303.13005.
///
/// @param temperature λ, more than 0
/// @param otherWeight γ, at least 0
public record Nkd(double temperature, double otherWeight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, or the weight is negative or not finite
    public Nkd {
        LogitLoss.requirePositive("nkd", "temperature", temperature);
        LogitLoss.requireWeight("nkd", "weight of other classes", otherWeight);
    }

    /// λ = 1, γ = 1.5: the paper's for ImageNet.
    public Nkd() {
        this(1, 1.5);
    }

    @Override
    public String name() {
        return "nkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss others = new LogitLoss((student, teacher, classes) -> others(student, teacher, classes, temperature));
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("target", 1, new LogitLoss(Nkd::target)),
                new Term("others", otherWeight, others));
    }

    /// −pₜ(y) ln pₛ(y) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @param classes `[B]`, each in [0, L)
    /// @return `[B]`
    public static Tensor target(Tensor student, Tensor teacher, Tensor classes) {
        Tensor trust = LogitLoss.pick(teacher.softmax(1), classes);
        return LogitLoss.pick(student.logSoftmax(1), classes).mul(trust).neg();
    }

    /// −λ² Σ_{j≠y} p̂ₜ(j) ln p̂ₛ(j) of each row; arguments as in [#target].
    public static Tensor others(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor mask = LogitLoss.at(student, classes);
        Tensor s = LogitLoss.without(student.mul(1 / temperature), mask).logSoftmax(1);
        Tensor t = LogitLoss.without(teacher.mul(1 / temperature), mask).softmax(1);
        return t.mul(s).sum(false, 1).mul(-temperature * temperature);
    }
}
