package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.Map;
import java.util.function.UnaryOperator;

/// A teacher that sees the student's inputs in a form of its own: text in its own tokens, images in its
/// own size.
///
/// @param teacher     who answers
/// @param name        what identifies the translation, for fingerprints
/// @param translation from inputs as the student sees them to those of the teacher, row by row
public record TranslatedTeacher(Teacher teacher, String name, UnaryOperator<Tensor> translation) implements Teacher {
    @Override
    public String fingerprint() {
        return Fingerprint.of("translated", name, teacher.fingerprint());
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        return teacher.answer(new TeacherQuery(
                query.dataset(),
                query.indices(),
                query.augmentation() + ", " + name,
                () -> translation.apply(query.inputs().get()),
                query.taps()));
    }
}
