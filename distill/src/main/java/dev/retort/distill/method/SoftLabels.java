package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.List;
import java.util.Set;

/// The teacher's probabilities are taken for the truth where no label is known.
///
/// ```
/// qᵢ = onehot(yᵢ) if labelled, else softmax(zₜ(xᵢ))
/// L  = mean CE(qᵢ, softmax(zᵢ))
/// ```
///
/// Knowledge distillation at temperature 1 on unlabelled samples, up to the teacher's entropy, which is
/// constant.
public record SoftLabels() implements DistillationMethod {
    @Override
    public String name() {
        return "soft";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherLabels());
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("soft", 1, new SoftTargetLoss()));
    }

    private record SoftTargetLoss() implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor logits = step.studentLogits();
            Tensor soft = step.teacherLabels().to(logits.dtype()).softmax(1);
            Tensor targets = withTrueLabels(soft, step.batch().labels());
            return Engine.one(new LossOp.SoftCrossEntropy(), logits, targets).sum();
        }
    }

    /// `targets` [B, L] with the rows that have a label replaced by its one-hot vector.
    static Tensor withTrueLabels(Tensor targets, Tensor labels) {
        DType dtype = targets.dtype();
        Tensor known = labels.ge(0.0).unsqueeze(1); // [B, 1]
        Tensor oneHot = labels.maskedFill(labels.lt(0.0), 0).oneHot(targets.size(1), dtype);
        return Tensor.where(known, oneHot, targets);
    }
}
