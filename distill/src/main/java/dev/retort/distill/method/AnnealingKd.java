package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Annealing distillation: the student follows the teacher's logits from small to whole, then learns the labels.
///
/// ```
/// stage 1: L = (1/N) Σᵢ ‖zₛ − φ zₜ‖²      φ = 1 − (t − 1)/T,  t = max(1, T − ⌊(epoch − 1)/E⌋)
/// stage 2: L = CE(y, softmax(zₛ)) over labelled samples
/// ```
///
/// φ goes from 1/T to 1 in steps of 1/T, one every E epochs. The squares are summed over classes. A stage shorter
/// than T · E epochs ends before φ = 1: choose T for the length of the run.
///
/// Source: Jafari, Rezagholizadeh, Sharma and Ghodsi, "Annealing knowledge distillation", 2021, arXiv 2104.07163.
///
/// @param hottest T, at least 1
/// @param every   E, at least 1
/// @param share   of the epochs for stage 1, in (0, 1)
public record AnnealingKd(int hottest, int every, double share) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if T or E is below 1, or the share outside (0, 1)
    public AnnealingKd {
        if (hottest < 1) {
            throw new IllegalArgumentException(
                    "annealing: expected a highest temperature of at least 1, got " + hottest);
        }
        LogitLoss.requireEpochs("annealing", "each temperature", every);
        if (!(share > 0 && share < 1)) {
            throw new IllegalArgumentException("annealing: expected a share of stage 1 in (0, 1), got " + share);
        }
    }

    /// T = 5, an epoch each, two thirds of the epochs for stage 1 (ours).
    public AnnealingKd() {
        this(5, 1, 2.0 / 3);
    }

    @Override
    public String name() {
        return "annealing";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("anneal", 1, new AnnealedLoss(this)));
    }

    @Override
    public List<Stage> stages() {
        return List.of(
                new Stage("anneal", this, Stage.Start.FRESH, Stage.Source.GIVEN, share),
                new Stage("label", new LabelsOnly(), Stage.Start.CONTINUED, Stage.Source.GIVEN, 1 - share));
    }

    /// φ in an epoch, counted from 1.
    public double factor(int epoch) {
        int temperature = Math.max(1, hottest - (epoch - 1) / every);
        return 1 - (temperature - 1.0) / hottest;
    }

    private record AnnealedLoss(AnnealingKd method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor student = step.studentLogits();
            Tensor wanted = step.teacherLogits().to(student.dtype()).mul(method.factor(step.epoch()));
            return student.sub(wanted).square().sum();
        }
    }
}
