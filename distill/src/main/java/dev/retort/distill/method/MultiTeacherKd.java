package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Several teachers, each with a weight of its own for every sample.
///
/// ```
/// L = w_label · (1/N) Σ_{i labelled} CE(yᵢ, q)
///   + w_kd · T² · (1/N) Σᵢ Σₖ wₖ(xᵢ) KL(softmax(zₖ/T) ‖ softmax(zₛ/T))
///
/// MEAN        wₖ = 1/K: its gradient at T = 1 is that of the mean of the probabilities
/// ENTROPY     wₖ ∝ 1/H(softmax(zₖ)), Σₖ wₖ = 1: who is sure is believed
/// CONFIDENCE  wₖ = (1 − exp(CEₖ)/Σⱼ exp(CEⱼ))/(K − 1): who is right is believed; CEₖ on the label
/// ```
///
/// CONFIDENCE is MEAN where a sample has no label. The teacher of the run is a [TeacherEnsemble]. The
/// feature term of CA-MKD is not here.
///
/// Numerics: entropies are clamped to at least 1e-7.
///
/// Source: MEAN: You, Xu, Xu and Tao, "Learning from multiple teacher networks", 2017. ENTROPY: Kwon,
/// Na, Lee and Kim, "Adaptive knowledge distillation based on entropy", 2020 (ICASSP). CONFIDENCE:
/// Zhang, Chen and Wang, "Confidence-aware multi-teacher knowledge distillation", 2022, arXiv
/// 2201.00007.
///
/// @param weighting     whom to believe
/// @param temperature   T, more than 0
/// @param labelWeight   w_label, at least 0
/// @param teacherWeight w_kd, more than 0
public record MultiTeacherKd(Weighting weighting, double temperature, double labelWeight, double teacherWeight)
        implements DistillationMethod {
    private static final double LEAST_ENTROPY = 1e-7;

    /// Whom to believe.
    public enum Weighting {
        /// All alike.
        MEAN,
        /// The sure ones.
        ENTROPY,
        /// Those that are right.
        CONFIDENCE
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the values out of range
    public MultiTeacherKd {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("multi-teacher kd: expected a positive temperature, got " + temperature);
        }
        if (!(labelWeight >= 0) || !(teacherWeight > 0) || Double.isInfinite(labelWeight + teacherWeight)) {
            throw new IllegalArgumentException("multi-teacher kd: expected a label weight of at least 0 and a positive"
                    + " teacher weight, got " + labelWeight + " and " + teacherWeight);
        }
    }

    /// Temperature 4, weights 1 and 1.
    public MultiTeacherKd(Weighting weighting) {
        this(weighting, 4, 1, 1);
    }

    @Override
    public String name() {
        return "multi-teacher";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(TeacherEnsemble.EACH));
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>();
        if (labelWeight > 0) {
            terms.add(new Term("label", labelWeight, new LabelLoss()));
        }
        terms.add(new Term("kd", teacherWeight, new Loss(weighting, temperature)));
        return terms;
    }

    /// The weight of every teacher for every sample, `[B, K]`; rows sum to 1.
    ///
    /// @param teachers logits [B, K, L]
    /// @param labels   `[B]`, −1 where unlabelled
    static Tensor weights(Weighting weighting, Tensor teachers, Tensor labels) {
        int count = teachers.size(1);
        Tensor logs = teachers.logSoftmax(2);
        Tensor mean = logs.select(2, 0).zerosLike().add(1.0 / count);
        if (weighting == Weighting.MEAN || count == 1) {
            return mean;
        }
        if (weighting == Weighting.ENTROPY) {
            Tensor entropy = logs.exp().mul(logs).sum(false, 2).neg().clampMin(LEAST_ENTROPY);
            Tensor sure = entropy.reciprocal();
            return sure.div(sure.sum(true, 1));
        }
        Tensor[] errors = new Tensor[count];
        for (int k = 0; k < count; k++) {
            errors[k] = LabelLoss.crossEntropy(teachers.select(1, k), labels, 0);
        }
        // Rows without a label have errors of 0, which makes their weights equal.
        return Tensor.stack(1, errors).softmax(1).neg().add(1.0).mul(1.0 / (count - 1));
    }

    private record Loss(Weighting weighting, double temperature) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor student = step.studentLogits();
            Tensor teachers = step.teacher(TeacherEnsemble.EACH).to(student.dtype());
            Tensor weights = weights(weighting, teachers, step.batch().labels());
            Tensor total = student.zerosLike().sum();
            for (int k = 0; k < teachers.size(1); k++) {
                Tensor rows = HintonKd.divergence(student, teachers.select(1, k), temperature);
                total = total.add(rows.mul(weights.select(1, k)).sum());
            }
            return total;
        }
    }
}
