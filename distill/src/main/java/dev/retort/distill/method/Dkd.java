package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Decoupled knowledge distillation: how sure the teacher is of the target, and how it ranks the other classes,
/// with a weight each.
///
/// ```
/// p = softmax(z/T),  b = [p(y), 1 − p(y)],  p̂ = p over the L − 1 other classes, summing to 1
/// L = CE(y, softmax(zₛ)) + min(epoch/w, 1) · T² · (1/N) Σᵢ [ α KL(bₜ ‖ bₛ) + β KL(p̂ₜ ‖ p̂ₛ) ]
/// ```
///
/// Plain distillation is α = 1 and 1 − pₜ(y) in place of β, so a sure teacher hides what it knows of the other
/// classes there. ln(1 − p(y)) is a difference of two logsumexps: it stays finite when p(y) rounds to 1. A
/// sample without a label has the teacher's class for its target (ours: the paper has labels for all).
///
/// Source: Zhao, Cui, Song, Qiu and Liang, "Decoupled knowledge distillation", 2022, arXiv 2203.08679.
///
/// @param temperature  T, more than 0
/// @param targetWeight α, at least 0
/// @param otherWeight  β, at least 0; to be tuned: 2 to 8 on CIFAR, the larger the surer the teacher
/// @param warmUp       w, epochs until the weights are whole, at least 1
public record Dkd(double temperature, double targetWeight, double otherWeight, int warmUp)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, a weight is negative or not finite, or
    ///                                  the warm-up is shorter than an epoch
    public Dkd {
        LogitLoss.requirePositive("dkd", "temperature", temperature);
        LogitLoss.requireWeight("dkd", "target weight", targetWeight);
        LogitLoss.requireWeight("dkd", "weight of other classes", otherWeight);
        LogitLoss.requireEpochs("dkd", "warm-up", warmUp);
    }

    /// T = 4, α = 1, β = 8, 20 epochs of warm-up: the paper's for CIFAR.
    public Dkd() {
        this(4, 1, 8, 20);
    }

    @Override
    public String name() {
        return "dkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Ramp ramp = Ramp.linear(warmUp);
        LogitLoss target = new LogitLoss((student, teacher, classes) -> target(student, teacher, classes, temperature));
        LogitLoss others = new LogitLoss((student, teacher, classes) -> others(student, teacher, classes, temperature));
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("target", targetWeight, ramp, target),
                new Term("others", otherWeight, ramp, others));
    }

    /// T² · KL(bₜ ‖ bₛ) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @param classes `[B]`, each in [0, L)
    /// @return `[B]`
    public static Tensor target(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor s = student.mul(1 / temperature);
        Tensor t = teacher.mul(1 / temperature);
        return LogitLoss.binary(
                        LogitLoss.pick(t.logSoftmax(1), classes),
                        LogitLoss.logRest(t, classes),
                        LogitLoss.pick(s.logSoftmax(1), classes),
                        LogitLoss.logRest(s, classes))
                .mul(temperature * temperature);
    }

    /// T² · KL(p̂ₜ ‖ p̂ₛ) of each row; arguments as in [#target].
    public static Tensor others(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor mask = LogitLoss.at(student, classes);
        return HintonKd.divergence(LogitLoss.without(student, mask), LogitLoss.without(teacher, mask), temperature);
    }
}
