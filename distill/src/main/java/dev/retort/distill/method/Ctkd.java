package dev.retort.distill.method;

import dev.retort.autograd.GradientReversal;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Curriculum temperature: the temperature is learnt against the student, which meets it step by step.
///
/// ```
/// T = T₀ + T₁ · sigmoid(θ)
/// L = w_ce · CE(y, softmax(zₛ)) + w_kd · T² · (1/N) Σᵢ KL(softmax(zₜ/T) ‖ softmax(zₛ/T))
/// ∂L/∂θ has the factor −λ(epoch),  λ = ½ (1 − cos(π · min(epoch/E, 1)))
///
/// GLOBAL:   θ is one number for all samples, 1 at first
/// INSTANCE: θᵢ = v · relu(W [zₜ,ᵢ, zₛ,ᵢ] + b) + c, a temperature for each sample
/// ```
///
/// θ climbs the loss; its gradient goes through T² too. λ grows from nearly 0 to 1, so distillation gets harder over
/// the first E epochs. θ or its network is trained with the student's optimiser, saved in checkpoints and not exported.
/// The network sees the student's logits as constants, so that only it climbs (an open reading of the paper); W has as
/// many rows as there are classes (ours).
///
/// Source: Li, Li, Yang, Zhao, Song, Luo, Li and Yang, "Curriculum temperature for knowledge distillation", 2023,
/// arXiv 2211.16231.
///
/// @param least         T₀, more than 0
/// @param range         T₁, more than 0
/// @param curriculum    E, epochs until λ = 1, at least 1
/// @param labelWeight   w_ce, at least 0
/// @param teacherWeight w_kd, at least 0
/// @param form          one temperature, or one for each sample
public record Ctkd(double least, double range, int curriculum, double labelWeight, double teacherWeight, Form form)
        implements DistillationMethod {
    /// What has a temperature.
    public enum Form {
        /// All samples together.
        GLOBAL,
        /// Each sample.
        INSTANCE
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a temperature is not positive, a weight negative or not finite, or the
    ///                                  curriculum shorter than an epoch
    public Ctkd {
        LogitLoss.requirePositive("ctkd", "least temperature", least);
        LogitLoss.requirePositive("ctkd", "range of temperatures", range);
        LogitLoss.requireEpochs("ctkd", "curriculum", curriculum);
        LogitLoss.requireWeight("ctkd", "label weight", labelWeight);
        LogitLoss.requireWeight("ctkd", "teacher weight", teacherWeight);
    }

    /// T from 1 to 21, 10 epochs of curriculum, w_ce = 0.1, w_kd = 0.9.
    public Ctkd(Form form) {
        this(1, 20, 10, 0.1, 0.9, form);
    }

    /// The same with one temperature.
    public Ctkd() {
        this(Form.GLOBAL);
    }

    @Override
    public String name() {
        return "ctkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Temperature temperature =
                form == Form.GLOBAL ? new OneTemperature() : new SampleTemperature(setup.classes(), setup.rng());
        return List.of(
                new Term("label", labelWeight, new LabelLoss()),
                new Term("ctkd", teacherWeight, new CurriculumLoss(this, temperature)));
    }

    /// λ in an epoch, counted from 1.
    public double reversal(int epoch) {
        return (1 - StrictMath.cos(Math.PI * Math.min((double) epoch / curriculum, 1))) / 2;
    }

    /// T² · KL(softmax(zₜ/T) ‖ softmax(zₛ/T)) of each row, with a gradient to T.
    ///
    /// @param student     logits [B, L]
    /// @param teacher     logits [B, L]
    /// @param temperature one element, or [B, 1]
    /// @return `[B]`
    public static Tensor rows(Tensor student, Tensor teacher, Tensor temperature) {
        Tensor t = teacher.div(temperature).logSoftmax(1);
        Tensor s = student.div(temperature).logSoftmax(1);
        return LogitLoss.divergence(t, s).mul(temperature.square().flatten(0));
    }

    /// What gives θ.
    private abstract static class Temperature extends Module {
        /// θ, one element or [B, 1].
        abstract Tensor of(Tensor student, Tensor teacher);
    }

    private static final class OneTemperature extends Temperature {
        private final Parameter theta = parameter("theta", Tensor.ones(DType.F32, 1));

        @Override
        Tensor of(Tensor student, Tensor teacher) {
            return theta.tensor();
        }
    }

    private static final class SampleTemperature extends Temperature {
        private final Linear hidden;
        private final Linear last;

        SampleTemperature(int classes, Rng rng) {
            hidden = child("hidden", new Linear(2 * classes, classes, rng));
            last = child("last", new Linear(classes, 1, rng));
        }

        @Override
        Tensor of(Tensor student, Tensor teacher) {
            Tensor both = Tensor.cat(1, teacher, student.detach());
            return last.call(hidden.call(both.to(DType.F32)).relu());
        }
    }

    private record CurriculumLoss(Ctkd method, Temperature own) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor student = step.studentLogits();
            Tensor teacher = step.teacherLogits().to(student.dtype());
            Tensor theta = GradientReversal.of(own.of(student, teacher), method.reversal(step.epoch()));
            Tensor temperature =
                    theta.to(student.dtype()).sigmoid().mul(method.range).add(method.least);
            return rows(student, teacher, temperature).sum();
        }

        @Override
        public Module adapters() {
            return own;
        }
    }
}
