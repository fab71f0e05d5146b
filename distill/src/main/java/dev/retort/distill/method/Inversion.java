package dev.retort.distill.method;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// What samples that are made out of a teacher are to be, in [Cmi] and [FastDfkd].
///
/// ```
///   w_label · mean CE(ŷ, zₜ)                                               of the class that was asked for
/// + w_stat  · Σ_l ( ‖mean_l(x) − running_mean_l‖ + ‖var_l(x) − running_var_l‖ )
/// − w_adv   · (1/N) Σᵢ 1[argmax zₜ = argmax zₛ] KL(softmax(zₜ) ‖ softmax(zₛ))   where both say the same class
/// ```
///
/// Where the student already says another class it is wrong enough.
///
/// @param labelWeight       w_label, at least 0
/// @param statisticsWeight  w_stat, at least 0
/// @param adversarialWeight w_adv, at least 0
public record Inversion(double labelWeight, double statisticsWeight, double adversarialWeight) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a weight is negative or not finite
    public Inversion {
        FeaturePairs.requireWeight("inversion", labelWeight);
        FeaturePairs.requireWeight("inversion", statisticsWeight);
        FeaturePairs.requireWeight("inversion", adversarialWeight);
    }

    /// The sum.
    ///
    /// @param mismatch of the batch statistics, a scalar
    /// @param teacher  logits [B, L]
    /// @param classes  ŷ [B]
    /// @param student  logits [B, L], or null for none
    Tensor loss(Tensor mismatch, Tensor teacher, Tensor classes, @Nullable Tensor student) {
        Tensor loss = LabelLoss.crossEntropy(teacher, classes, 0)
                .mean()
                .mul(labelWeight)
                .add(mismatch.mul(statisticsWeight));
        return student == null
                ? loss
                : loss.sub(agreement(student.to(teacher.device()), teacher).mul(adversarialWeight));
    }

    /// Mean divergence of the rows in which both say the same class.
    static Tensor agreement(Tensor student, Tensor teacher) {
        Tensor same = student.detach().argmax(1).eq(teacher.detach().argmax(1)).to(teacher.dtype());
        return HintonKd.divergence(student, teacher, 1).mul(same).mean();
    }

    /// Classes 0, 1, … in turn, [count].
    static Tensor classesInTurn(int count, int classes) {
        long[] turn = new long[count];
        for (int i = 0; i < count; i++) {
            turn[i] = i % classes;
        }
        return Tensor.wrap(DType.I64, turn);
    }
}
