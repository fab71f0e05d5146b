package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Set;

/// A loss of each sample from the logits of both networks, the teacher's on what the student sees.
///
/// ```
/// Σᵢ loss(zₛ,ᵢ, zₜ,ᵢ, yᵢ),  divided by the number of all samples
/// ```
///
/// A sample without a label has the teacher's most probable class for yᵢ.
///
/// @param loss of the rows
record LogitLoss(RowLoss loss) implements LossTerm {
    /// The teacher's logits.
    static final Set<Need> NEEDS = Set.of(new Need.TeacherTap(Tap.LOGITS));

    /// Stands for −∞ where a class is left out: its exponential is 0 and differences stay finite.
    private static final double OUT = -1e9;

    private static final double FLOOR = 1e-14;

    /// A loss of each sample.
    @FunctionalInterface
    interface RowLoss {
        /// The losses `[B]`.
        ///
        /// @param student logits [B, L]
        /// @param teacher logits [B, L], constants of the same dtype
        /// @param classes `[B]`, each in [0, L)
        Tensor of(Tensor student, Tensor teacher, Tensor classes);
    }

    @Override
    public double count(StepBatch batch) {
        return batch.size();
    }

    @Override
    public Tensor sum(Step step) {
        Tensor student = step.studentLogits();
        Tensor teacher = step.teacherLogits().detach().to(student.dtype());
        Tensor labels = step.batch().labels().to(student.device());
        Tensor classes = Tensor.where(labels.ge(0.0), labels, teacher.argmax(1));
        return loss.of(student, teacher, classes).sum();
    }

    /// Σⱼ exp(pⱼ) (pⱼ − qⱼ) of each row of log-probabilities: KL(p ‖ q), with a gradient to both.
    static Tensor divergence(Tensor logP, Tensor logQ) {
        return logP.exp().mul(logP.sub(logQ)).sum(false, 1);
    }

    /// KL between [p, 1 − p] and [q, 1 − q], from the logarithms of all four.
    static Tensor binary(Tensor logP, Tensor logNotP, Tensor logQ, Tensor logNotQ) {
        Tensor yes = logP.exp().mul(logP.sub(logQ));
        return yes.add(logNotP.exp().mul(logNotP.sub(logNotQ)));
    }

    /// One value of each row [B, L], that of its class: `[B]`.
    static Tensor pick(Tensor rows, Tensor classes) {
        return rows.gather(1, classes.unsqueeze(1)).squeeze(1);
    }

    /// True at the class of each row, [B, L].
    static Tensor at(Tensor rows, Tensor classes) {
        return classes.oneHot(rows.size(1)).to(DType.BOOL);
    }

    /// Logits without the classes where `mask` is true: their probability is 0, that of the others sums to 1.
    static Tensor without(Tensor logits, Tensor mask) {
        return logits.maskedFill(mask, OUT);
    }

    /// ln(1 − p) of the class of each row, as logsumexp(z without it) − logsumexp(z), finite where 1 − p rounds to 0.
    static Tensor logRest(Tensor logits, Tensor classes) {
        return without(logits, at(logits, classes)).logsumexp(false, 1).sub(logits.logsumexp(false, 1));
    }

    /// Standard deviation of each row [..., 1], with L − 1 in its denominator; at least 1e-7.
    static Tensor deviation(Tensor logits) {
        return logits.var(1, true, logits.rank() - 1).clampMin(FLOOR).sqrt();
    }

    /// Refuses what is not a positive finite number.
    static void requirePositive(String method, String what, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(method + ": expected a positive " + what + ", got " + value);
        }
    }

    /// Refuses what is negative or not finite.
    static void requireWeight(String method, String what, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(method + ": expected a " + what + " of at least 0, got " + value);
        }
    }

    /// Refuses a number of epochs below 1.
    static void requireEpochs(String method, String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(method + ": expected at least 1 epoch of " + what + ", got " + value);
        }
    }
}
