package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Refined logit distillation: the student takes the teacher's confidence for the true class, and its ranking of
/// those classes only that it puts below the true one.
///
/// ```
/// L = CE(y, softmax(zₛ)) + min(epoch/w, 1) · (1/N) Σᵢ [ α U² KL(bₜ ‖ bₛ) + β T² KL(p̂ₜ ‖ p̂ₛ) ]
/// p = softmax(z/U),  bₜ = [max pₜ, 1 − max pₜ],  bₛ = [pₛ(y), 1 − pₛ(y)]
/// S = { j : zₜ(j) < zₜ(y) },  p̂ = softmax(z/T) over S, summing to 1
/// ```
///
/// So a teacher that is wrong does no harm. S is empty where the teacher has the true class last: β's part is 0
/// there. A sample without a label has the teacher's class for its target (ours), and then this is [Dkd] but for
/// ties and the temperature of α's part.
///
/// Source: Sun, Chen, Lyu, Chen, Chen and Wang, "Knowledge distillation with refined logits", 2024, arXiv 2408.07703.
///
/// @param targetTemperature U, more than 0
/// @param temperature       T, more than 0
/// @param targetWeight      α, at least 0
/// @param otherWeight       β, at least 0
/// @param warmUp            w, epochs until the weights are whole, at least 1
public record Rld(double targetTemperature, double temperature, double targetWeight, double otherWeight, int warmUp)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, a weight is negative or not finite, or
    ///                                  the warm-up is shorter than an epoch
    public Rld {
        LogitLoss.requirePositive("rld", "temperature of the target", targetTemperature);
        LogitLoss.requirePositive("rld", "temperature", temperature);
        LogitLoss.requireWeight("rld", "target weight", targetWeight);
        LogitLoss.requireWeight("rld", "weight of other classes", otherWeight);
        LogitLoss.requireEpochs("rld", "warm-up", warmUp);
    }

    /// U = 1, T = 4, α = 1, β = 8, 20 epochs of warm-up: the authors' for CIFAR.
    public Rld() {
        this(1, 4, 1, 8, 20);
    }

    @Override
    public String name() {
        return "rld";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Ramp ramp = Ramp.linear(warmUp);
        LogitLoss target =
                new LogitLoss((student, teacher, classes) -> target(student, teacher, classes, targetTemperature));
        LogitLoss others = new LogitLoss((student, teacher, classes) -> others(student, teacher, classes, temperature));
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("target", targetWeight, ramp, target),
                new Term("others", otherWeight, ramp, others));
    }

    /// U² · KL(bₜ ‖ bₛ) of each row.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @param classes `[B]`, each in [0, L)
    /// @return `[B]`
    public static Tensor target(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor s = student.mul(1 / temperature);
        Tensor t = teacher.mul(1 / temperature);
        Tensor top = t.argmax(1);
        return LogitLoss.binary(
                        LogitLoss.pick(t.logSoftmax(1), top),
                        LogitLoss.logRest(t, top),
                        LogitLoss.pick(s.logSoftmax(1), classes),
                        LogitLoss.logRest(s, classes))
                .mul(temperature * temperature);
    }

    /// T² · KL(p̂ₜ ‖ p̂ₛ) of each row; arguments as in [#target].
    public static Tensor others(Tensor student, Tensor teacher, Tensor classes, double temperature) {
        Tensor mask = teacher.ge(LogitLoss.pick(teacher, classes).unsqueeze(1));
        return HintonKd.divergence(LogitLoss.without(student, mask), LogitLoss.without(teacher, mask), temperature);
    }
}
