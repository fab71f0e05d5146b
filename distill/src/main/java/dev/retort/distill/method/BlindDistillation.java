package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Objective;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// A student that copies the teacher's answers to images of another source, then sees a few of the right
/// one.
///
/// ```
/// blind:     L = mean over the pool of c · KL(softmax(zₜ/τ) ‖ softmax(zₛ/τ))      no labelled sample, no label
/// fine-tune: the same over n labelled samples a class, with a lower learning rate; their labels stay unused
/// c = τ² or 1
/// ```
///
/// KL and the cross-entropy of the paper differ by the teacher's entropy, which is constant: at τ = 1 the
/// gradient is softmax(zₛ) − softmax(zₜ). Normalise the pool by the statistics that the teacher was trained
/// with; [dev.retort.nn.data.FitImage] gives images of any size and colour the teacher's shape.
///
/// Source: Menghani and Ravi, "Learning from a teacher using unlabeled data", 2019, arXiv 1911.05275. The
/// temperature, n and the rates are choices: the paper's could not be read.
///
/// @param temperature τ, more than 0
/// @param scaled      whether the loss is multiplied by τ², so that its gradient has the same size at every τ
/// @param perClass    n, labelled samples a class for the fine-tuning (all of a class that has fewer); 0 for
///     no fine-tuning
/// @param share       epochs of the fine-tuning as a share of the configured ones, more than 0
/// @param rate        learning rate of the fine-tuning as a share of the blind one, more than 0
public record BlindDistillation(double temperature, boolean scaled, int perClass, double share, double rate)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public BlindDistillation {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("blind: expected a positive temperature, got " + temperature);
        }
        if (perClass < 0 || !(share > 0) || !(rate > 0)) {
            throw new IllegalArgumentException("blind: expected perClass of at least 0, positive share and rate, got "
                    + perClass + ", " + share + " and " + rate);
        }
    }

    /// τ = 1, no fine-tuning.
    public BlindDistillation() {
        this(1, true, 0, 0.25, 0.1);
    }

    /// The same with a temperature.
    public BlindDistillation withTemperature(double value) {
        return new BlindDistillation(value, scaled, perClass, share, rate);
    }

    /// The same with fine-tuning on `value` samples a class.
    public BlindDistillation withPerClass(int value) {
        return new BlindDistillation(temperature, scaled, value, share, rate);
    }

    @Override
    public String name() {
        return "blind";
    }

    @Override
    public Scope scope() {
        return Scope.UNLABELLED;
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("blind", 1, new Copy(temperature, scaled ? 1 : 1 / (temperature * temperature))));
    }

    @Override
    public List<Stage> stages() {
        Stage blind = Stage.of("blind", this);
        return perClass == 0
                ? List.of(blind)
                : List.of(
                        blind,
                        new Stage(
                                "fine-tune",
                                new FineTuning(this),
                                Stage.Start.CONTINUED,
                                Stage.Source.GIVEN,
                                share,
                                rate));
    }

    private record Copy(double temperature, double factor) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            return HintonKd.divergence(step.studentLogits(), step.teacherLogits(), temperature)
                    .sum()
                    .mul(factor);
        }
    }

    /// The same loss on n random samples a class.
    private record FineTuning(BlindDistillation method) implements Objective {
        @Override
        public Set<Need> needs() {
            return method.needs();
        }

        @Override
        public Scope scope() {
            return Scope.LABELLED;
        }

        @Override
        public List<Term> terms(Setup setup) {
            return method.terms(setup);
        }

        @Override
        public int[] members(long[] labels, Rng rng) {
            int classes = 1 + (int) Arrays.stream(labels).max().orElse(-1);
            return IntStream.range(0, classes)
                    .flatMap(c -> chosen(labels, c, rng.fork(c)))
                    .sorted()
                    .toArray();
        }

        private IntStream chosen(long[] labels, int ofClass, Rng rng) {
            int[] all = IntStream.range(0, labels.length)
                    .filter(i -> labels[i] == ofClass)
                    .toArray();
            int[] order = rng.permutation(all.length);
            return Arrays.stream(order).limit(method.perClass).map(i -> all[i]);
        }
    }
}
