package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// MiniLLM: the reverse divergence of whole texts, by a policy gradient whose first step is exact.
///
/// ```
/// y ~ p̃ token by token,  p̃ = α p + (1 − α) q        p of the teacher, q of the student when it writes
/// rₜ = ln p(yₜ) − ln q(yₜ),   Rₜ = mean of r over the tokens after t (0 for the last),   wₜ = q(yₜ)/p̃(yₜ)
/// single: (1/N) Σₜ wₜ · KL(q' ‖ p)ₜ
/// long:   (1/N) Σₜ max( −ρₜ Rₜ, −clip(ρₜ, 1 − ε, 1 + ε) Rₜ ),   ρₜ = wₜ · q'(yₜ)/q(yₜ)
/// ```
///
/// q' is the student as it is now; everything else is constant. All distributions are at the temperature of
/// the writing. KL of texts rewards what the student would write and the teacher would not object to; at
/// α = 0, for texts of two tokens, the mean gradient over texts is exactly that of KL(q ‖ p) of texts.
/// Longer ones are normalised by length, or short texts would be preferred. Mixing in the teacher keeps the
/// student from what would please the teacher by an accident; w corrects for it token by token. Rewards are
/// clipped to ±10. N is the number of tokens written in the texts of the whole step. Student and teacher
/// must have the same vocabulary.
///
/// Source: Gu, Dong, Wei and Huang, "MiniLLM: Knowledge distillation of large language models", 2024, arXiv
/// 2306.08543, with α = 0.2 and ε = 0.2. As in the paper, not its code, R leaves out the token itself, which
/// the single step has seen to, and the single step is weighed by w; the code's whitening of R over a batch
/// is left out, because it would depend on how the batch is cut. The loss on texts of pre-training is left
/// out: train on those in a stage of its own. The paper's student writes anew after some steps; here before
/// every epoch: few prompts make short epochs.
///
/// @param prompts      beginnings
/// @param writing      how both write; its temperature is more than 0
/// @param teacherShare α in [0, 1)
/// @param clip         ε, more than 0
public record MiniLlm(Prompts prompts, Writing writing, double teacherShare, double clip)
        implements DistillationMethod, DataFree {
    private static final double LARGEST_REWARD = 10;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value out of range
    public MiniLlm {
        if (!(writing.temperature() > 0)) {
            throw new IllegalArgumentException(
                    "minillm: expected texts that are drawn, at a positive temperature, got " + writing);
        }
        if (!(teacherShare >= 0 && teacherShare < 1)) {
            throw new IllegalArgumentException("minillm: expected a teacher's share in [0, 1), got " + teacherShare);
        }
        if (!(clip > 0)) {
            throw new IllegalArgumentException("minillm: expected a positive clip, got " + clip);
        }
    }

    /// A fifth of the teacher in what is drawn, ratios clipped at 0.2.
    public MiniLlm(Prompts prompts, Writing writing) {
        this(prompts, writing, .2, .2);
    }

    @Override
    public String name() {
        return "minillm";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    /// The two terms.
    ///
    /// @throws IllegalArgumentException if the vocabularies have other sizes
    @Override
    public List<Term> terms(Setup setup) {
        if (!setup.student(Tap.LOGITS).equals(setup.teacher(Tap.LOGITS))) {
            throw new IllegalArgumentException("minillm: expected logits of the same tokens from student and teacher,"
                    + " got " + setup.student(Tap.LOGITS) + " and " + setup.teacher(Tap.LOGITS));
        }
        return List.of(new Term("single", 1, new Single()), new Term("long", 1, new Later()));
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new MixedTexts(this, teacher, rng);
    }

    private Tensor logs(PolicyTargets targets, Tensor logits) {
        return targets.rows(logits).mul(1 / writing.temperature()).logSoftmax(1);
    }

    private abstract static class TokenLoss implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return PolicyTargets.of(batch).count();
        }
    }

    private final class Single extends TokenLoss {
        @Override
        public Tensor sum(Step step) {
            PolicyTargets targets = PolicyTargets.of(step.batch());
            Tensor own = logs(targets, step.studentLogits()).clampMin(Divergence.LEAST);
            Tensor wanted = logs(targets, step.teacherLogits()).clampMin(Divergence.LEAST);
            Tensor each = new Divergence.ReverseKl().ofLogs(own, wanted.to(own.dtype()));
            return each.mul(targets.vector(targets.weights(), own)).sum();
        }
    }

    private final class Later extends TokenLoss {
        @Override
        public Tensor sum(Step step) {
            PolicyTargets targets = PolicyTargets.of(step.batch());
            Tensor now = targets.chosen(logs(targets, step.studentLogits()));
            double[] wise = targets.chosen(logs(targets, step.teacherLogits())).toDoubles();
            double[] rewards = new double[wise.length];
            for (int i = 0; i < rewards.length; i++) {
                rewards[i] = Math.clamp(wise[i] - targets.own()[i], -LARGEST_REWARD, LARGEST_REWARD);
            }
            Tensor later = targets.vector(targets.meanAfter(rewards), now);
            // w · q'/q = q'/p̃
            Tensor ratio = now.sub(targets.vector(targets.drawn(), now)).exp();
            Tensor free = ratio.mul(later).neg();
            Tensor clipped = ratio.clamp(1 - clip, 1 + clip).mul(later).neg();
            return free.maximum(clipped).sum();
        }
    }
}
