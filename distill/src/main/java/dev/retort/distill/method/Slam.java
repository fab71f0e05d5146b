package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import dev.retort.distill.estimate.ShortList;
import dev.retort.distill.estimate.TeacherAccuracy;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Student-label mixing: the student's prediction is pushed through the teacher's estimated noise and
/// then compared with the teacher's label, so that the student may disagree with a teacher that is likely
/// wrong.
///
/// ```
/// L = (1/N) ( Σ_{i labelled} CE(yᵢ, f(xᵢ)) + Σ_{i in the pool} CE(yₜ(xᵢ), mix(f(xᵢ); α(xᵢ), k(xᵢ))) )
/// mix(f; α, k)ⱼ = α fⱼ + (1 − α)(1 − fⱼ) tⱼ / s    t = 1 on the teacher's k likeliest classes, else 0; s: see Mixing
/// ```
///
/// with yₜ the teacher's label, [Mixing] as the operator, α(x) = [TeacherAccuracy] at the teacher's margin and k(x) =
/// [ShortList], both fitted once on the validation set, which is not trained on. Labelled samples have α
/// = 1, which is plain cross-entropy.
///
/// The raw operator needs lowerBound ≥ 0.5: below it the expected loss rewards classes outside the
/// teacher's list. The normalised one needs α ≥ 1/k; with two classes both are the same operator.
///
/// Source: Kontonis, Iliopoulos, Trinh, Baykal, Menghani and Vee, "SLaM: Student-Label Mixing for
/// Distillation with Unlabeled Examples", 2023, arXiv 2302.03806.
///
/// @param mixing     operator; RAW is what the paper's experiments use
/// @param labels     whether the teacher's label is its most probable class or its probabilities
/// @param lowerBound least α, in [0, 1]
/// @param shortList  rule for k
/// @param prediction how α is read between margins of the validation set
/// @param cap        whether α stays below 1 − 1/(2·|V|)
/// @param rounds     how often a fresh student is trained; from the second time on the student before is
///     the teacher, and α and k are estimated anew for it
/// @param onValidation whether the validation set is trained on too, after α and k were fitted to it. With more
///     than one round the student before has then seen it, so that from the second round on α is too
///     optimistic
public record Slam(
        Mixing mixing,
        TeacherLabel labels,
        double lowerBound,
        ShortList shortList,
        Prediction prediction,
        boolean cap,
        int rounds,
        boolean onValidation)
        implements DistillationMethod {
    private static final double RAW_BOUND = 0.5;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the lower bound is outside [0, 1], or below 0.5 with the raw
    ///                                  operator
    public Slam {
        if (!(lowerBound >= 0 && lowerBound <= 1)) {
            throw new IllegalArgumentException("slam: expected a lower bound in [0, 1], got " + lowerBound);
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("slam: expected at least 1 round, got " + rounds);
        }
        if (mixing == Mixing.RAW && lowerBound < RAW_BOUND) {
            throw new IllegalArgumentException("slam: the raw operator expects a lower bound of at least 0.5, got "
                    + lowerBound + "; below it classes outside the teacher's list are rewarded (use NORMALISED)");
        }
    }

    /// One round, without the validation set.
    public Slam(
            Mixing mixing,
            TeacherLabel labels,
            double lowerBound,
            ShortList shortList,
            Prediction prediction,
            boolean cap) {
        this(mixing, labels, lowerBound, shortList, prediction, cap, 1, false);
    }

    /// Raw operator, hard labels, lower bound 0.5, one k for the data set with top-k accuracy of 0.9,
    /// interpolation.
    public Slam() {
        this(Mixing.RAW, TeacherLabel.HARD, RAW_BOUND, new ShortList.Global(0.9), Prediction.INTERPOLATE, false);
    }

    /// The same with another operator.
    public Slam withMixing(Mixing newMixing) {
        return new Slam(newMixing, labels, lowerBound, shortList, prediction, cap, rounds, onValidation);
    }

    /// The same with another form of the teacher's label.
    public Slam withLabels(TeacherLabel newLabels) {
        return new Slam(mixing, newLabels, lowerBound, shortList, prediction, cap, rounds, onValidation);
    }

    /// The same with another least α.
    public Slam withLowerBound(double newBound) {
        return new Slam(mixing, labels, newBound, shortList, prediction, cap, rounds, onValidation);
    }

    /// The same with another rule for k.
    public Slam withShortList(ShortList newList) {
        return new Slam(mixing, labels, lowerBound, newList, prediction, cap, rounds, onValidation);
    }

    /// The same with several rounds.
    public Slam withRounds(int newRounds) {
        return new Slam(mixing, labels, lowerBound, shortList, prediction, cap, newRounds, onValidation);
    }

    /// The same with the validation set among the labelled samples, or without it.
    public Slam withValidation(boolean trainedOn) {
        return new Slam(mixing, labels, lowerBound, shortList, prediction, cap, rounds, trainedOn);
    }

    @Override
    public String name() {
        return "slam";
    }

    @Override
    public Set<Need> needs() {
        return onValidation
                ? Set.of(new Need.TeacherLabels(), new Need.ValidationSamples())
                : Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Stage> stages() {
        return Stage.rounds(name(), this, rounds);
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence validation = Confidence.ofLogits(setup.requireValidation());
        long[] truth = setup.validationLabels();
        TeacherAccuracy accuracy = TeacherAccuracy.fit(validation, truth, lowerBound, prediction);
        Confidence teacher = Confidence.ofLogits(setup.requireTeacherLabels());
        double[] alpha = (cap ? accuracy.capped(truth.length) : accuracy).at(teacher);
        long[] known = setup.labels();
        for (int i = 0; i < alpha.length; i++) {
            alpha[i] = known[i] >= 0 ? 1 : alpha[i];
        }
        int[] k = shortList.fit(validation, truth).at(teacher);
        return List.of(new Term("slam", 1, new MixedLoss(mixing, labels, alpha, k)));
    }

    /// The loss with α and k of every sample of the transfer set.
    private record MixedLoss(Mixing mixing, TeacherLabel labels, double[] alpha, int[] k) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            int[] indices = step.batch().indices();
            Tensor logits = step.studentLogits();
            Confidence teacher = Confidence.ofLogits(step.teacherLabels());
            double[] own = Arrays.stream(indices).mapToDouble(i -> alpha[i]).toArray();
            int[] sizes = Arrays.stream(indices).map(i -> k[i]).toArray();
            Tensor said = labels.of(step.teacherLabels(), logits.dtype());
            Tensor targets = SoftLabels.withTrueLabels(said, step.batch().labels());
            return mixing.crossEntropy(logits, targets, Tensor.of(own), teacher.listed(sizes))
                    .sum();
        }
    }
}
