package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.ClassBalance;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.TapDropout;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Self-training with noise: a student learns, under augmentation and dropout, what the teacher says about
/// clean images of which it is sure; then it is the teacher of the next student.
///
/// ```
/// L = (1/N) ( Σ_{i labelled} CE(yᵢ, f(xᵢ)) + Σ_{i in the pool, max pₜ(xᵢ) ≥ threshold} b(xᵢ) CE(yₜ(xᵢ), f(x̃ᵢ)) )
/// ```
///
/// b evens out the classes that the teacher sees ([ClassBalance#weights]). Noise is the training's
/// augmentation, the dropout layers of the network, and dropout at a tap; without any of them this is
/// iterated pseudo-labelling.
///
/// Source: Xie, Luong, Hovy and Le, "Self-training with noisy student improves ImageNet classification", 2020,
/// arXiv 1911.04252. The paper repeats images of rare classes and uses larger and larger students.
///
/// @param form      the teacher's label; the paper finds soft ones better
/// @param threshold least probability of the teacher's class, in [0, 1]
/// @param balanced  whether b is used; else it is 1
/// @param dropout   further noise in the student, or null
/// @param rounds    number of students, at least 1
public record NoisyStudent(
        TeacherLabel form,
        double threshold,
        boolean balanced,
        @Nullable TapDropout dropout,
        int rounds) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public NoisyStudent {
        if (!(threshold >= 0 && threshold <= 1) || rounds < 1) {
            throw new IllegalArgumentException(
                    "noisy student: expected a threshold in [0, 1] and at least 1 round, got " + threshold + " and "
                            + rounds);
        }
    }

    /// Soft labels above 0.3, balanced classes, three rounds, no dropout of its own.
    public NoisyStudent() {
        this(TeacherLabel.SOFT, 0.3, true, null, 3);
    }

    /// The same with dropout at a tap of the student.
    public NoisyStudent withDropout(TapDropout newDropout) {
        return new NoisyStudent(form, threshold, balanced, newDropout, rounds);
    }

    /// The same with another number of students.
    public NoisyStudent withRounds(int newRounds) {
        return new NoisyStudent(form, threshold, balanced, dropout, newRounds);
    }

    @Override
    public String name() {
        return "noisy-student";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>();
        needs.add(new Need.TeacherLabels());
        if (dropout != null) {
            needs.add(new Need.StudentDropout(dropout));
        }
        return needs;
    }

    @Override
    public List<Stage> stages() {
        return Stage.rounds(name(), this, rounds);
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence teacher = Confidence.ofLogits(setup.requireTeacherLabels());
        long[] labels = setup.labels();
        int[] classes = new int[labels.length];
        double[] weights = new double[labels.length];
        for (int i = 0; i < classes.length; i++) {
            int top = teacher.top(i);
            boolean used = labels[i] < 0 && teacher.probability(i, top) >= threshold;
            classes[i] = used ? top : -1;
            weights[i] = used ? 1 : 0;
        }
        double[] own = balanced ? ClassBalance.weights(classes, setup.classes()) : weights;
        return List.of(new Term("noisy", 1, new FidelityWeighting.WeightedLabels(form, Tensor.of(own))));
    }
}
