package dev.retort.distill.method;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// What a generator of samples minimises.
interface GeneratorLoss {
    /// What it looks at in the teacher, [Tap#LOGITS] included.
    Set<Tap> taps();

    /// The loss, a scalar.
    ///
    /// @param teacher what the taps saw for the samples
    /// @param student the student's logits [B, L] for them, computed when asked for
    Tensor of(Map<Tap, Tensor> teacher, Supplier<Tensor> student);

    /// What a tap saw.
    static Tensor require(Map<Tap, Tensor> seen, Tap tap) {
        Tensor found = seen.get(tap);
        if (found == null) {
            throw new IllegalStateException("samples: expected a tensor at " + tap + ", got none");
        }
        return found;
    }

    /// Mean cross-entropy of the logits with their own most probable class: low where the teacher is sure.
    static Tensor oneHot(Tensor logits) {
        Tensor classes = logits.detach().argmax(1);
        return LabelLoss.crossEntropy(logits, classes, 0).mean();
    }

    /// Σ_k p̄ₖ ln p̄ₖ of the mean prediction p̄ of the batch: lowest, −ln L, where all classes come up alike.
    static Tensor balance(Tensor logits) {
        Tensor mean = logits.softmax(1).mean(false, 0);
        return mean.mul(mean.clampMin(1e-12).log()).sum();
    }

    /// −mean |f| of features: low where the teacher's neurons are excited.
    static Tensor activation(Tensor features) {
        return features.abs().mean().neg();
    }

    /// −mean KL(teacher ‖ student): low where the student is wrong.
    static Tensor disagreement(Tensor student, Tensor teacher) {
        return HintonKd.divergence(student.to(teacher.device()), teacher, 1)
                .mean()
                .neg();
    }
}
