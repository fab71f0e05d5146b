package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochStart;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.DebiasWeights;
import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Every teacher label has a weight that makes its loss, on average, that of the true label.
///
/// ```
/// L = (1/N) ( Σ_{i labelled} CE(yᵢ, f(xᵢ)) + Σ_{i in the pool} w_f(xᵢ) CE(yₜ(xᵢ), f(xᵢ)) )
/// w_f(x) = 1 / (1 + p(x) (d_f(x) − 1))
/// ```
///
/// with [DebiasWeights], estimated on the validation set. The weights depend on the student as it is, so
/// they are taken anew before an epoch; they are 1 in the first one. They are constants of the gradient.
/// The sum is divided by the number of samples, not by the sum of the weights.
///
/// Source: Iliopoulos, Kontonis, Baykal, Menghani, Trinh and Vee, "Weighted distillation with unlabeled
/// examples", 2022, arXiv 2210.06711.
///
/// @param form    the teacher's label
/// @param weights how they are estimated
/// @param warmUp  epochs with weights of 1, at least 1
/// @param every   epochs from one estimate to the next, at least 1
public record WeightedDistillation(TeacherLabel form, DebiasWeights.Config weights, int warmUp, int every)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a number of epochs is below 1
    public WeightedDistillation {
        if (warmUp < 1 || every < 1) {
            throw new IllegalArgumentException(
                    "weighted: expected at least 1 epoch of warm-up and from one estimate to the next, got " + warmUp
                            + " and " + every);
        }
    }

    /// Hard labels, the default weights, new ones before every epoch but the first.
    public WeightedDistillation() {
        this(TeacherLabel.HARD, DebiasWeights.Config.defaults(), 1, 1);
    }

    /// The same with another form of the teacher's label.
    public WeightedDistillation withForm(TeacherLabel newForm) {
        return new WeightedDistillation(newForm, weights, warmUp, every);
    }

    /// The same with weights estimated otherwise.
    public WeightedDistillation withWeights(DebiasWeights.Config newWeights) {
        return new WeightedDistillation(form, newWeights, warmUp, every);
    }

    @Override
    public String name() {
        return "weighted";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence validation = Confidence.ofLogits(setup.requireValidation());
        Confidence pool = Confidence.ofLogits(setup.requireTeacherLabels());
        Loss loss = new Loss(this, validation, setup.validationLabels(), pool, new SampleWeights(setup.size()));
        return List.of(new Term("weighted", 1, loss));
    }

    /// Weights for samples of a pool, from what teacher and student say about them and a validation set.
    ///
    /// @param truth classes of the validation set
    public double[] weights(
            Confidence teacherValidation,
            Confidence studentValidation,
            long[] truth,
            Confidence teacherPool,
            Confidence studentPool) {
        teacherValidation.requireLabels(truth);
        double[] trueLoss = new double[truth.length];
        double[] teacherLoss = new double[truth.length];
        boolean[] wrong = new boolean[truth.length];
        for (int v = 0; v < truth.length; v++) {
            trueLoss[v] = studentValidation.crossEntropy(v, (int) truth[v]);
            teacherLoss[v] = loss(teacherValidation, studentValidation, v);
            wrong[v] = teacherValidation.top(v) != truth[v];
        }
        return DebiasWeights.fit(teacherValidation, studentValidation, trueLoss, teacherLoss, wrong, weights)
                .at(teacherPool, studentPool);
    }

    /// The student's cross-entropy with the teacher's label of one sample.
    public double loss(Confidence teacher, Confidence student, int row) {
        if (form == TeacherLabel.HARD) {
            return student.crossEntropy(row, teacher.top(row));
        }
        double sum = 0;
        for (int j = 0; j < teacher.classes(); j++) {
            double p = teacher.probability(row, j);
            sum += p > 0 ? p * student.crossEntropy(row, j) : 0;
        }
        return sum;
    }

    private record Loss(
            WeightedDistillation method, Confidence validation, long[] truth, Confidence pool, SampleWeights weights)
            implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own =
                    weights.of(step.batch().indexTensor(), step.studentLogits().dtype());
            PoolLoss.RowLoss weighted = (logits, targets) ->
                    logits.logSoftmax(1).mul(targets).sum(false, 1).neg().mul(own);
            return PoolLoss.rows(step, method.form, weighted).sum();
        }

        @Override
        public Module adapters() {
            return weights;
        }

        @Override
        public void beforeEpoch(EpochStart start) {
            int past = start.epoch() - 1 - method.warmUp;
            if (past >= 0 && past % method.every == 0) {
                weights.set(method.weights(
                        validation,
                        Confidence.ofLogits(start.validationLogits()),
                        truth,
                        pool,
                        Confidence.ofLogits(start.studentLogits())));
            }
        }
    }
}
