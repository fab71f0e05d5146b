package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import java.util.Map;
import java.util.Optional;

/// Something that answers for samples with logits, and perhaps with features.
///
/// Answers are constants: no gradient flows into a teacher, and nothing that a student does changes one.
/// Logits are the tap [Tap#LOGITS]; a teacher never gives probabilities, so that every temperature can be
/// taken from one answer.
public interface Teacher {
    /// What identifies this teacher's answers: equal fingerprints answer equally. Caches refuse to mix
    /// two of them.
    String fingerprint();

    /// The tensors at the wanted taps, one row a sample, in the order of the query.
    ///
    /// @throws IllegalArgumentException if this teacher has no such tap
    Map<Tap, Tensor> answer(TeacherQuery query);

    /// The logits [B, L].
    default Tensor logits(TeacherQuery query) {
        Tensor logits = answer(query).get(Tap.LOGITS);
        if (logits == null) {
            throw new IllegalStateException("teacher: expected logits in the answer, got none");
        }
        return logits;
    }

    /// The network behind the answers, if it is one of this process: for methods that run it in other ways.
    default Optional<Layer> asNetwork() {
        return Optional.empty();
    }
}
