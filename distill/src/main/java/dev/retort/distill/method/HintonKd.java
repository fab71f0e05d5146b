package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Knowledge distillation with softened targets.
///
/// ```
/// L = w_ce · (1/N) Σ_{i labelled} CE(yᵢ, softmax(zₛ)) + w_kd · T² · (1/N) Σᵢ KL(softmax(zₜ/T) ‖ softmax(zₛ/T))
/// ```
///
/// The divergence is summed over classes and averaged over samples; an average over classes as well would
/// shrink it by L. T² keeps its gradient of the same size at every temperature. The teacher sees the same
/// augmented inputs as the student.
///
/// Source: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015, arXiv
/// 1503.02531.
///
/// @param temperature   T, more than 0
/// @param labelWeight   w_ce, at least 0
/// @param teacherWeight w_kd, at least 0
public record HintonKd(double temperature, double labelWeight, double teacherWeight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, or a weight is negative or not finite
    public HintonKd {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("kd: expected a positive temperature, got " + temperature);
        }
        if (!(Math.min(labelWeight, teacherWeight) >= 0) || Double.isInfinite(labelWeight + teacherWeight)) {
            throw new IllegalArgumentException(
                    "kd: expected weights of at least 0, got " + labelWeight + " and " + teacherWeight);
        }
    }

    /// T = 4, w_ce = 0.1, w_kd = 0.9: what public CIFAR recipes use.
    public HintonKd() {
        this(4, 0.1, 0.9);
    }

    /// True labels alone: what a feature method has beside its own terms if nothing else is asked for.
    public static HintonKd labelsOnly() {
        return new HintonKd(1, 1, 0);
    }

    @Override
    public String name() {
        return "kd";
    }

    @Override
    public Set<Need> needs() {
        return teacherWeight == 0 ? Set.of() : Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>();
        if (labelWeight > 0) {
            terms.add(new Term("label", labelWeight, new LabelLoss()));
        }
        if (teacherWeight > 0) {
            terms.add(new Term("kd", teacherWeight, new SoftenedLoss(temperature)));
        }
        return terms;
    }

    /// T² · KL(softmax(zₜ/T) ‖ softmax(zₛ/T)) of every row.
    ///
    /// @param studentLogits [B, L]
    /// @param teacherLogits [B, L]
    /// @return `[B]`
    /// @throws dev.retort.tensor.OpException if the shapes differ
    public static Tensor divergence(Tensor studentLogits, Tensor teacherLogits, double temperature) {
        Tensor student = studentLogits.mul(1 / temperature).logSoftmax(1);
        Tensor teacher =
                teacherLogits.to(studentLogits.dtype()).mul(1 / temperature).logSoftmax(1);
        Tensor kl = Engine.one(new LossOp.KlDiv(true), student, teacher);
        return kl.sum(false, 1).mul(temperature * temperature);
    }

    private record SoftenedLoss(double temperature) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            return divergence(step.studentLogits(), step.teacherLogits(), temperature)
                    .sum();
        }
    }
}
