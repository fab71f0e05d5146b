package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Teacher labels weighted by how sure the teacher is, without looking at the truth.
///
/// ```
/// L = (1/N) ( Σ_{i labelled} CE(yᵢ, f(xᵢ)) + Σ_{i in the pool} exp(−β u(xᵢ)) CE(yₜ(xᵢ), f(xᵢ)) )
/// u(x) = entropy of the teacher's probabilities / ln L
/// ```
///
/// Source: Dehghani, Mehrjou, Gouws, Kamps and Schölkopf, "Fidelity-weighted learning", 2018, arXiv
/// 1711.02799. The paper measures u by a Gaussian process on a small clean set; here it is the teacher's own.
///
/// @param beta β, at least 0; 0 is hard or soft distillation without weights
/// @param form the teacher's label
public record FidelityWeighting(double beta, TeacherLabel form) implements DistillationMethod {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if β is negative or not finite
    public FidelityWeighting {
        if (!(beta >= 0) || Double.isInfinite(beta)) {
            throw new IllegalArgumentException("fidelity: expected beta of at least 0, got " + beta);
        }
    }

    /// β = 1 with hard labels.
    public FidelityWeighting() {
        this(1, TeacherLabel.HARD);
    }

    @Override
    public String name() {
        return "fidelity";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence teacher = Confidence.ofLogits(setup.requireTeacherLabels());
        double[] weights = new double[teacher.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = StrictMath.exp(-beta * teacher.entropy(i));
        }
        return List.of(new Term("fidelity", 1, new WeightedLabels(form, Tensor.of(weights))));
    }

    /// Cross-entropy with the teacher's label times a constant weight a sample; true labels have weight 1.
    record WeightedLabels(TeacherLabel form, Tensor weights) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own = weights.indexSelect(0, step.batch().indexTensor());
            return PoolLoss.rows(
                            step,
                            form,
                            (logits, targets) -> logits.logSoftmax(1)
                                    .mul(targets)
                                    .sum(false, 1)
                                    .neg()
                                    .mul(own.to(logits.dtype())))
                    .sum();
        }
    }
}
