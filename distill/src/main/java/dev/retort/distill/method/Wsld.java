package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Weighted soft labels: a sample that the student knows better than the teacher does is distilled less.
///
/// ```
/// wᵢ = 1 − exp(−CE(yᵢ, pₛ) / CE(yᵢ, pₜ))                     at temperature 1, a constant
/// L  = CE(y, pₛ) + α · T² · (1/N) Σᵢ wᵢ · CE(softmax(zₜ/T), softmax(zₛ/T))
/// ```
///
/// The denominator is at least 1e-7. A sample without a label has the teacher's class for its target (ours).
///
/// Source: Zhou, Song, Chen, Zhou, Wang, Yuan and Zhang, "Rethinking soft labels for knowledge distillation: a
/// bias-variance tradeoff perspective", 2021, arXiv 2102.00650.
///
/// @param temperature   T, more than 0
/// @param teacherWeight α, at least 0
public record Wsld(double temperature, double teacherWeight) implements DistillationMethod {
    private static final double FLOOR = 1e-7;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, or the weight is negative or not finite
    public Wsld {
        LogitLoss.requirePositive("wsld", "temperature", temperature);
        LogitLoss.requireWeight("wsld", "teacher weight", teacherWeight);
    }

    /// T = 4, α = 2.25.
    public Wsld() {
        this(4, 2.25);
    }

    @Override
    public String name() {
        return "wsld";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss soft = new LogitLoss((student, teacher, classes) -> rows(student, teacher, classes, temperature));
        return List.of(new Term("label", 1, new LabelLoss()), new Term("wsld", teacherWeight, soft));
    }

    /// wᵢ · T² · CE(softmax(zₜ/T), softmax(zₛ/T)) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @param classes `[B]`, each in [0, L)
    /// @return `[B]`
    public static Tensor rows(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor s = student.mul(1 / temperature).logSoftmax(1);
        Tensor t = teacher.mul(1 / temperature).softmax(1);
        Tensor soft = t.mul(s).sum(false, 1).mul(-temperature * temperature);
        return soft.mul(weights(student, teacher, classes));
    }

    /// wᵢ, a constant `[B]`.
    static Tensor weights(Tensor student, Tensor teacher, Tensor classes) {
        Tensor own = LogitLoss.pick(student.detach().logSoftmax(1), classes).neg();
        Tensor given = LogitLoss.pick(teacher.logSoftmax(1), classes).neg().clampMin(FLOOR);
        return own.div(given).neg().exp().neg().add(1.0);
    }
}
