package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Any function from inputs [B, …] to logits [B, L] as a teacher: a session of another run-time, a rule, an
/// ensemble.
///
/// @param name   what identifies its answers, such as name and version of the model
/// @param logits one row a sample, and the same row for the same sample whatever else is in the batch
public record FunctionTeacher(String name, UnaryOperator<Tensor> logits) implements Teacher {
    @Override
    public String fingerprint() {
        return Fingerprint.of("function", name);
    }

    /// The logits of the inputs.
    ///
    /// @throws IllegalArgumentException if other taps than the logits are asked for
    /// @throws IllegalStateException    if the function does not return one row of at least two logits a
    ///     sample
    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        if (!query.taps().equals(Set.of(Tap.LOGITS))) {
            throw new IllegalArgumentException(
                    "function teacher " + name + ": expected a question about logits, got taps " + query.taps());
        }
        Tensor said = logits.apply(query.inputs().get());
        if (said.rank() != 2 || said.size(0) != query.indices().length || said.size(1) < 2) {
            throw new IllegalStateException("function teacher " + name + ": expected logits [" + query.indices().length
                    + ", L], got " + said.type());
        }
        return Map.of(Tap.LOGITS, said.detach());
    }
}
