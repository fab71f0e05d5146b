package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Distillation of a network with several labels a sample: every logit is a question of its own.
///
/// ```
/// q = sigmoid(z/T)
/// L = T² · (1/N) Σᵢ Σⱼ [ qₜ ln(qₜ/qₛ) + (1 − qₜ) ln((1 − qₜ)/(1 − qₛ)) ]
/// ```
///
/// Summed over labels. From the teacher alone: a [dev.retort.distill.StepBatch] holds one class a sample, so true
/// sets of labels have no place in it.
///
/// Source: the usual form for sigmoid outputs, after Hinton, Vinyals and Dean, 2015, arXiv 1503.02531.
///
/// @param temperature T, more than 0
public record BinaryKd(double temperature) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive
    public BinaryKd {
        LogitLoss.requirePositive("binary", "temperature", temperature);
    }

    /// T = 1.
    public BinaryKd() {
        this(1);
    }

    @Override
    public String name() {
        return "binary";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term(
                "binary", 1, new LogitLoss((student, teacher, classes) -> rows(student, teacher, temperature))));
    }

    /// The loss of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @return `[B]`
    public static Tensor rows(Tensor student, Tensor teacher, double temperature) {
        Tensor s = student.mul(1 / temperature);
        Tensor t = teacher.mul(1 / temperature);
        Tensor kl = LogitLoss.binary(
                t.logSigmoid(), t.neg().logSigmoid(), s.logSigmoid(), s.neg().logSigmoid());
        return kl.sum(false, 1).mul(temperature * temperature);
    }
}
