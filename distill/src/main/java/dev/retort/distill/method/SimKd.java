package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The simple one: the student takes over the teacher's classifier and only learns to give it the right features.
///
/// ```
/// L_sim = mean over all elements of (r(Fₛ) − Fₜ)²
/// L     = w · L_sim + response terms (none by default)
/// ```
///
/// The student must be a [ReusedClassifier], which has the projector r and the teacher's classifier inside: without
/// them it would answer nonsense. Fₜ are the maps that the teacher pools for its classifier. Of two maps the larger
/// is average-pooled to the extent of the smaller.
///
/// ```java
/// NetworkFactory students = ReusedClassifier.students(networks, Tap.output("layer3"), 64, teacherLinear);
/// Distillation.with(teacher, students).method(new SimKd(Tap.output("layer3")))…
/// ```
///
/// Source: Chen, Mei, Zhang, Wang, Feng and Chen, "Knowledge distillation with the reused teacher classifier", 2022,
/// arXiv 2203.14001.
///
/// @param teacher  the teacher's last maps [B, C', H, W]
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record SimKd(Tap teacher, double weight, HintonKd response) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the weight is out of range
    public SimKd {
        FeaturePairs.requireWeight("simkd", weight);
    }

    /// Weight 1, and neither labels nor the teacher's answers.
    public SimKd(Tap teacher) {
        this(teacher, 1, new HintonKd(1, 0, 0));
    }

    @Override
    public String name() {
        return "simkd";
    }

    private List<TapPair> pairs() {
        return List.of(new TapPair(ReusedClassifier.PROJECTED, teacher));
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, pairs());
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, pairs());
        Shape own = setup.student(ReusedClassifier.PROJECTED);
        Shape wanted = setup.teacher(teacher);
        if (own.dim(0) != wanted.dim(0)) {
            throw new IllegalArgumentException("simkd: expected the classifier that takes the " + wanted.dim(0)
                    + " channels of " + teacher + ", got one that takes " + own.dim(0));
        }
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("features", weight, new FeaturePairs.Loss(pairs(), 1, SimKd::squaredError)));
        return terms;
    }

    /// Sum over samples of the mean squared difference of two maps with equal channels.
    ///
    /// @param student [B, C, H, W]
    /// @param teacher [B, C, H', W']
    public static Tensor squaredError(Tensor student, Tensor teacher) {
        Tensor own = FeaturePairs.shrunkTo(teacher, student);
        Tensor difference = own.sub(FeaturePairs.shrunkTo(student, teacher));
        return difference.square().sum().mul((double) own.size(0) / own.numel());
    }
}
