package dev.retort.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FunctionTeacherTest {
    private static final Tensor INPUTS = Random.normal(new Rng(1), 3, 2);

    private static TeacherQuery query(Tap tap) {
        return new TeacherQuery("data", new int[] {4, 5, 6}, TeacherQuery.NONE, () -> INPUTS, Set.of(tap));
    }

    @Test
    void answersByTheFunctionAndChecksItsShape() {
        FunctionTeacher teacher = new FunctionTeacher("double", inputs -> inputs.mul(2));
        assertThat(teacher.logits(query(Tap.LOGITS)).toFloats())
                .containsExactly(INPUTS.mul(2).toFloats());
        assertThat(teacher.fingerprint()).isNotEqualTo(new FunctionTeacher("triple", t -> t).fingerprint());
        assertThatThrownBy(() -> teacher.answer(query(Tap.output("x")))).hasMessageContaining("about logits");
        FunctionTeacher flat = new FunctionTeacher("flat", inputs -> inputs.sum(false, 1));
        assertThatThrownBy(() -> flat.answer(query(Tap.LOGITS))).hasMessageContaining("expected logits [3, L], got");
        FunctionTeacher few = new FunctionTeacher("few", inputs -> inputs.narrow(0, 0, 2));
        assertThatThrownBy(() -> few.answer(query(Tap.LOGITS))).hasMessageContaining("expected logits [3, L]");
    }
}
