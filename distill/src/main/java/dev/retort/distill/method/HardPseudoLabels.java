package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// The teacher's most probable class is taken for the truth where no label is known.
///
/// ```
/// ŷᵢ = yᵢ if labelled, else argmax pₜ(xᵢ)
/// L  = mean of CE(ŷᵢ, softmax(zᵢ)) over labelled samples and those with max pₜ(xᵢ) ≥ threshold
/// ```
///
/// Source: Lee, "Pseudo-Label: The simple and efficient semi-supervised learning method for deep neural
/// networks", 2013.
///
/// @param threshold least probability of the teacher's class, in [0, 1]; 0 uses every sample
public record HardPseudoLabels(double threshold) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the threshold is outside [0, 1]
    public HardPseudoLabels {
        if (!(threshold >= 0 && threshold <= 1)) {
            throw new IllegalArgumentException("hard pseudo-labels: expected a threshold in [0, 1], got " + threshold);
        }
    }

    /// With every sample of the pool.
    public HardPseudoLabels() {
        this(0);
    }

    @Override
    public String name() {
        return "hard";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence teacher = Confidence.ofLogits(setup.requireTeacherLabels());
        long[] targets = setup.labels().clone();
        for (int i = 0; i < targets.length; i++) {
            if (targets[i] < 0) {
                int top = teacher.top(i);
                targets[i] = teacher.probability(i, top) >= threshold ? top : StepBatch.UNLABELLED;
            }
        }
        return List.of(new Term("pseudo", 1, new TargetLoss(targets)));
    }

    /// Cross-entropy with one class a sample of the transfer set, −1 for those left out.
    private record TargetLoss(long[] targets) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            int used = 0;
            for (int index : batch.indices()) {
                used += targets[index] >= 0 ? 1 : 0;
            }
            return used;
        }

        @Override
        public Tensor sum(Step step) {
            int[] indices = step.batch().indices();
            long[] classes = new long[indices.length];
            for (int i = 0; i < classes.length; i++) {
                classes[i] = targets[indices[i]];
            }
            Tensor wanted = Tensor.wrap(DType.I64, classes);
            return LabelLoss.crossEntropy(step.studentLogits(), wanted, 0).sum();
        }
    }
}
