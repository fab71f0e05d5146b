package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.GradientRule;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// DeepKD: [Dkd] whose three terms have a momentum each, and which compares few of the other classes at first and
/// all of them later.
///
/// ```
/// L = CE(y, softmax(zₛ)) + ramp · T² · (1/N) Σᵢ [ α KL(bₜ ‖ bₛ) + β KL(p̂ₜ ‖ p̂ₛ) ]      p̂ over k classes only
/// k = the share s + (1 − s) · min((epoch − 1)/E, 1) of the other classes, at least 2: those with the largest
///     teacher logits
/// momenta: m + Δ for the labels and the other classes, m − Δ for the target
/// ```
///
/// The paper measures that the gradients of labels and of other classes have less noise than the target's, and
/// lets them last longer. Parameters that one term alone reaches have the mean of the three momenta. Weight decay
/// goes with the labels, as in [Dot] (public code has it elsewhere); as there, the training's optimiser should be
/// plain SGD. How k grows is open to us: here in a straight line. A step has three backward passes.
///
/// Source: Huang, Song, Zhang and Ren, "DeepKD: A deeply decoupled and denoised knowledge distillation trainer",
/// 2025, arXiv 2505.15133.
///
/// @param loss        T, α, β and the ramp
/// @param momentum    m
/// @param delta       Δ, at least 0, at most m, with m + Δ below 1
/// @param weightDecay at least 0
/// @param share       s, in (0, 1]
/// @param growth      E, at least 1
public record DeepKd(Dkd loss, double momentum, double delta, double weightDecay, double share, int growth)
        implements DistillationMethod {
    private static final int LEAST = 2;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value out of range
    public DeepKd {
        Momenta.requireMomenta("deepkd", momentum, delta);
        LogitLoss.requireWeight("deepkd", "weight decay", weightDecay);
        if (!(share > 0 && share <= 1)) {
            throw new IllegalArgumentException("deepkd: expected a share of classes in (0, 1], got " + share);
        }
        LogitLoss.requireEpochs("deepkd", "growth", growth);
    }

    /// m = 0.9, Δ = 0.075, weight decay 5e-4 as in public code for CIFAR; from 5 % of the classes to all in 100
    /// epochs (ours).
    public DeepKd(Dkd loss) {
        this(loss, 0.9, 0.075, 5e-4, 0.05, 100);
    }

    @Override
    public String name() {
        return "deepkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public GradientRule gradients() {
        return new Momenta(
                new double[] {momentum + delta, momentum - delta, momentum + delta},
                momentum + delta / 3,
                weightDecay,
                term -> Around.onLabels(term) ? 0 : term.name().equals("target") ? 1 : 2);
    }

    @Override
    public List<Term> terms(Setup setup) {
        LogitLoss target =
                new LogitLoss((student, teacher, classes) -> Dkd.target(student, teacher, classes, loss.temperature()));
        Ramp ramp = Ramp.linear(loss.warmUp());
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("target", loss.targetWeight(), ramp, target),
                new Term("others", loss.otherWeight(), ramp, new Others(this)));
    }

    /// k in an epoch, counted from 1.
    ///
    /// @param others number of classes but the target, L − 1
    public int compared(int epoch, int others) {
        double part = share + (1 - share) * Math.min((double) (epoch - 1) / growth, 1);
        return (int) Math.min(others, Math.max(LEAST, Math.round(part * others)));
    }

    /// T² · KL(p̂ₜ ‖ p̂ₛ) of each row over k of the other classes, those that the teacher rates highest.
    ///
    /// @param student logits [B, L]
    /// @param teacher logits [B, L]
    /// @param classes `[B]`, each in [0, L)
    /// @param k       from 1 to L − 1
    /// @return `[B]`
    public static Tensor others(Tensor student, Tensor teacher, Tensor classes, double temperature, int k) {
        Tensor rest = LogitLoss.without(teacher, LogitLoss.at(teacher, classes));
        Tensor best = rest.topk(k, 1).indices(); // [B, k]
        Tensor ones = teacher.detach().onesLike();
        Tensor left = ones.scatter(1, best, ones.zerosLike()).to(DType.BOOL); // a source may be larger than the index
        return HintonKd.divergence(LogitLoss.without(student, left), LogitLoss.without(teacher, left), temperature);
    }

    private record Others(DeepKd method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            double temperature = method.loss.temperature();
            int k = method.compared(step.epoch(), step.studentLogits().size(1) - 1);
            LogitLoss rows =
                    new LogitLoss((student, teacher, classes) -> others(student, teacher, classes, temperature, k));
            return rows.sum(step);
        }
    }
}
