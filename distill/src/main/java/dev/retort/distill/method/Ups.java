package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.ClassBalance;
import dev.retort.distill.feature.TapDropout;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Uncertainty-aware pseudo-label selection: the teacher is asked several times under dropout; what it always
/// says becomes a label, and classes that it always rules out become labels too.
///
/// ```
/// p, s            = mean and standard deviation of the probabilities over the passes
/// positive label  : argmax p, if max p ≥ τₚ and s there < κₚ
/// negative class c: p_c < τₙ and s_c < κₙ, both of softmax(z/T), c not the argmax, sample without positive label
/// L = Σ_{labelled or positive} CE / count  +  mean over samples with negatives of −Σ_c mask_c ln(1 − f_c) / Σ_c mask_c
/// ```
///
/// The student starts afresh in every round; from the second one on the student before is asked, under the
/// student's dropout.
///
/// Source: Rizve, Duarte, Rawat and Shah, "In defense of pseudo-labeling: an uncertainty-aware pseudo-label
/// selection framework for semi-supervised learning", 2021, arXiv 2101.06329, with the constants of its public
/// code. There the network teaches itself for 20 rounds; here a teacher begins.
///
/// @param passes      at least 2
/// @param positive    thresholds of positive labels
/// @param negative    thresholds of negative labels
/// @param temperature T of the negative labels, more than 0
/// @param dropout     dropout of the passes, beside the network's own layers, or null
/// @param noise       dropout of the student in training, or null; with several rounds also that of its passes
/// @param leastClass  in a balanced selection, positive labels that every class may have; 0 for no balancing
/// @param rounds      at least 1
public record Ups(
        int passes,
        Thresholds positive,
        Thresholds negative,
        double temperature,
        @Nullable TapDropout dropout,
        @Nullable TapDropout noise,
        int leastClass,
        int rounds)
        implements DistillationMethod {
    /// A bound on the probability and one on its standard deviation.
    ///
    /// @param probability least (positive) or largest (negative) mean probability
    /// @param deviation   largest standard deviation over the passes
    public record Thresholds(double probability, double deviation) {}

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public Ups {
        if (passes < 2 || rounds < 1 || leastClass < 0 || !(temperature > 0)) {
            throw new IllegalArgumentException(
                    "ups: expected at least 2 passes, 1 round, leastClass of at least 0 and a positive temperature, got "
                            + passes + ", " + rounds + ", " + leastClass + " and " + temperature);
        }
    }

    /// The constants of the public code (10 passes, τₚ = 0.7, κₚ = 0.05, τₙ = 0.05, κₙ = 0.005, T = 2), one
    /// round, no balancing.
    ///
    /// @param dropout of the teacher's passes, or null if it has dropout layers
    public Ups(@Nullable TapDropout dropout) {
        this(10, new Thresholds(0.7, 0.05), new Thresholds(0.05, 0.005), 2, dropout, null, 0, 1);
    }

    @Override
    public String name() {
        return "ups";
    }

    @Override
    public Set<Need> needs() {
        return needs(dropout);
    }

    private Set<Need> needs(@Nullable TapDropout ofPasses) {
        Set<Need> needs = new LinkedHashSet<>();
        needs.add(new Need.TeacherPasses(passes, ofPasses));
        if (noise != null) {
            needs.add(new Need.StudentDropout(noise));
        }
        return needs;
    }

    /// A later round asks a student, whose taps are others.
    private record LaterRound(Ups method) implements dev.retort.distill.Objective {
        @Override
        public Set<Need> needs() {
            return method.needs(method.noise);
        }

        @Override
        public List<Term> terms(Setup setup) {
            return method.terms(setup);
        }
    }

    @Override
    public List<Stage> stages() {
        List<Stage> stages = new java.util.ArrayList<>(List.of(Stage.of(rounds == 1 ? name() : "round1", this)));
        for (int round = 2; round <= rounds; round++) {
            stages.add(new Stage(
                    "round" + round, new LaterRound(this), Stage.Start.FRESH, Stage.Source.PREVIOUS_STUDENT, 1));
        }
        return stages;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Selection selected = select(setup.requireTeacherPasses(), setup.labels());
        return List.of(
                new Term("positive", 1, new PositiveLoss(selected.positive)),
                new Term("negative", 1, new NegativeLoss(selected.negative)));
    }

    /// What is learnt about each sample.
    ///
    /// @param positive a class each, −1 for none; true labels where they are known
    /// @param negative 1 on the classes that are ruled out [N, L]
    record Selection(long[] positive, Tensor negative) {}

    /// Selects by the logits [P, N, L] of the passes.
    Selection select(Tensor logits, long[] labels) {
        double[][] sharp = moments(logits, 1);
        double[][] soft = moments(logits, temperature);
        int classes = logits.size(2);
        int[] chosen = new int[labels.length];
        double[] scores = new double[labels.length];
        for (int i = 0; i < labels.length; i++) {
            int top = top(sharp[0], i, classes);
            scores[i] = sharp[0][i * classes + top];
            boolean sure = scores[i] >= positive.probability && sharp[1][i * classes + top] < positive.deviation;
            chosen[i] = labels[i] < 0 && sure ? top : -1;
        }
        int[] kept = leastClass == 0 ? chosen : ClassBalance.truncated(chosen, scores, classes, leastClass);
        float[] ruledOut = new float[labels.length * classes];
        long[] positives = new long[labels.length];
        for (int i = 0; i < labels.length; i++) {
            positives[i] = labels[i] >= 0 ? labels[i] : kept[i];
            int top = top(soft[0], i, classes);
            for (int c = 0; positives[i] < 0 && c < classes; c++) {
                int at = i * classes + c;
                boolean out = soft[0][at] < negative.probability && soft[1][at] < negative.deviation;
                ruledOut[at] = out && c != top ? 1 : 0;
            }
        }
        return new Selection(positives, Tensor.wrap(DType.F32, ruledOut, labels.length, classes));
    }

    /// Mean and standard deviation (divisor P − 1) of softmax(z/T) over the passes, each N · L.
    private static double[][] moments(Tensor logits, double temperature) {
        Tensor probabilities = logits.to(DType.F64).mul(1 / temperature).softmax(2);
        return new double[][] {
            probabilities.mean(false, 0).toDoubles(),
            probabilities.std(1, false, 0).toDoubles()
        };
    }

    private static int top(double[] values, int row, int classes) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            best = values[row * classes + c] > values[row * classes + best] ? c : best;
        }
        return best;
    }

    private record PositiveLoss(long[] positive) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            int used = 0;
            for (int index : batch.indices()) {
                used += positive[index] >= 0 ? 1 : 0;
            }
            return used;
        }

        @Override
        public Tensor sum(Step step) {
            int[] indices = step.batch().indices();
            long[] own = new long[indices.length];
            for (int i = 0; i < own.length; i++) {
                own[i] = positive[indices[i]];
            }
            return LabelLoss.crossEntropy(step.studentLogits(), Tensor.wrap(DType.I64, own), 0)
                    .sum();
        }
    }

    private record NegativeLoss(Tensor mask) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return mask.indexSelect(0, batch.indexTensor()).amax(false, 1).sum().item();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own = mask.indexSelect(0, step.batch().indexTensor());
            return negativeRows(step.studentLogits(), own).sum();
        }
    }

    /// −Σ_c mask_c ln(1 − f_c) / Σ_c mask_c of each row, 0 for an empty mask; 1 − f is clamped to at least
    /// 1e-7.
    ///
    /// @return `[B]`
    static Tensor negativeRows(Tensor logits, Tensor mask) {
        Tensor out = mask.to(logits.dtype());
        Tensor rest = logits.softmax(1).neg().add(1.0).clampMin(1e-7).log();
        return rest.mul(out).sum(false, 1).neg().div(out.sum(false, 1).clampMin(1));
    }
}
