package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.Transition;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Corrects the loss for a teacher that confuses classes as a matrix T says, the same for all samples.
///
/// ```
/// FORWARD:  L = −Σⱼ yⱼ ln (Tᵀ f)ⱼ                   f = softmax(z), Tᵢⱼ = P(teacher says j | truth is i)
/// BACKWARD: L = Σⱼ yⱼ (T⁻¹ ℓ)ⱼ,   ℓⱼ = −ln fⱼ
/// ```
///
/// Forward correction pushes the student's prediction through the noise and is minimised by the truth;
/// [Slam] is the same idea with a T of its own for every sample. Backward correction makes the loss an
/// unbiased estimate of the clean one; it can become negative. Where the inverse does not exist or has entries
/// above 20, T is blended with the identity ([Transition#stableInverse]). True labels are learnt by plain
/// cross-entropy.
///
/// Source: Patrini, Rozza, Menon, Nock and Qu, "Making deep neural networks robust to label noise: a loss
/// correction approach", 2017, arXiv 1609.03683. The paper estimates T from a network trained on noisy labels;
/// with a validation set at hand, we count.
///
/// @param direction  which of the two
/// @param transition T, known or estimated on the validation set
/// @param form       the teacher's label; with soft ones T is their mean by true class
public record LossCorrection(Direction direction, Transition transition, TeacherLabel form)
        implements DistillationMethod {
    private static final double FLOOR = 1e-7;
    private static final double LARGEST = 20;

    /// What is corrected.
    public enum Direction {
        /// The prediction.
        FORWARD,
        /// The loss.
        BACKWARD
    }

    /// Forward, T counted on the validation set with one uniform sample a class beside, hard labels.
    public LossCorrection() {
        this(Direction.FORWARD, new Transition.Counted(1), TeacherLabel.HARD);
    }

    @Override
    public String name() {
        return direction == Direction.FORWARD ? "forward" : "backward";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        boolean known = transition instanceof Transition.Known;
        // A known matrix needs no validation set; the pool's answers tell the number of classes.
        Confidence judged = Confidence.ofLogits(known ? setup.requireTeacherLabels() : setup.requireValidation());
        double[][] t = transition.matrix(judged, setup.validationLabels(), form == TeacherLabel.SOFT);
        double[] flat = Arrays.stream(direction == Direction.FORWARD ? t : Transition.stableInverse(t, LARGEST))
                .flatMapToDouble(Arrays::stream)
                .toArray();
        Tensor matrix = Tensor.of(flat, t.length, t.length);
        PoolLoss.RowLoss loss = direction == Direction.FORWARD
                ? (logits, targets) -> forward(logits, targets, matrix)
                : (logits, targets) -> backward(logits, targets, matrix);
        return List.of(new Term(name(), 1, new PoolLoss(form, loss)));
    }

    /// −Σⱼ yⱼ ln (Tᵀ f)ⱼ of each row; mixed probabilities are clamped to at least 1e-7.
    ///
    /// @param logits     [B, L]
    /// @param targets    [B, L]
    /// @param transition T, [L, L]
    /// @return `[B]`
    public static Tensor forward(Tensor logits, Tensor targets, Tensor transition) {
        Tensor mixed = logits.softmax(1).matmul(transition.to(logits.dtype()));
        return mixed.clampMin(FLOOR).log().mul(targets).sum(false, 1).neg();
    }

    /// Σⱼ yⱼ (T⁻¹ ℓ)ⱼ of each row.
    ///
    /// @param inverse T⁻¹, [L, L]
    /// @return `[B]`
    public static Tensor backward(Tensor logits, Tensor targets, Tensor inverse) {
        Tensor losses = logits.logSoftmax(1).neg(); // ℓ
        return targets.matmul(inverse.to(logits.dtype())).mul(losses).sum(false, 1);
    }
}
