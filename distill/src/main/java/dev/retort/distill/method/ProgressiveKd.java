package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochStart;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.nn.Buffer;
import dev.retort.nn.Module;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Progressive self-distillation: the labels are blended, more and more, with what the student itself said before
/// the epoch.
///
/// ```
/// αₑ = α · min(e/E, 1),  α₁ = 0
/// L  = (1/N) Σᵢ CE((1 − αₑ) onehot(yᵢ) + αₑ Pₑ₋₁(xᵢ), softmax(z))
/// ```
///
/// Pₑ₋₁ is the student's softmax over the transfer set as epoch e begins, on inputs without augmentation and in
/// evaluation mode, where the authors keep what it said in the course of the epoch before. In the first epoch
/// there is nothing worth hearing. Labelled samples only.
///
/// Source: Kim, Ji, Yoon and Hwang, "Self-knowledge distillation with progressive refinement of targets", 2021,
/// arXiv 2006.12000 (PS-KD).
///
/// @param most   α, in [0, 1]
/// @param length E, at least 1: the epochs of the run
public record ProgressiveKd(double most, int length) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if α is outside [0, 1] or E below 1
    public ProgressiveKd {
        if (!(most >= 0 && most <= 1)) {
            throw new IllegalArgumentException("ps-kd: expected a share of the student in [0, 1], got " + most);
        }
        LogitLoss.requireEpochs("ps-kd", "growth", length);
    }

    /// α = 0.8 (the paper's) after 12 epochs.
    public ProgressiveKd() {
        this(0.8, 12);
    }

    @Override
    public String name() {
        return "ps-kd";
    }

    @Override
    public Scope scope() {
        return Scope.LABELLED;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("ps-kd", 1, new BlendedLoss(this, new Bank(setup.size(), setup.classes()))));
    }

    /// αₑ in an epoch, counted from 1.
    public double share(int epoch) {
        return epoch == 1 ? 0 : most * Math.min((double) epoch / length, 1);
    }

    /// What the student said [N, L].
    private static final class Bank extends Module {
        final Buffer said;

        Bank(int samples, int classes) {
            said = buffer("said", Tensor.zeros(DType.F32, samples, classes));
        }
    }

    private record BlendedLoss(ProgressiveKd method, Bank bank) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor logits = step.studentLogits();
            double share = method.share(step.epoch());
            Tensor labels = LabelLoss.crossEntropy(logits, step.batch().labels(), 0);
            Tensor indices = step.batch().indexTensor().to(logits.device());
            Tensor own = bank.said.tensor().indexSelect(0, indices).to(logits.dtype());
            Tensor soft = own.mul(logits.logSoftmax(1)).sum(false, 1).neg();
            return labels.mul(1 - share).add(soft.mul(share)).sum();
        }

        @Override
        public Module adapters() {
            return bank;
        }

        @Override
        public void beforeEpoch(EpochStart start) {
            if (method.share(start.epoch()) > 0) {
                bank.said.set(start.studentLogits().softmax(1));
            }
        }
    }
}
