package dev.retort.distill.active;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A teacher that repeats what was bought, and asks nobody.
///
/// For labelled samples its answer is their label, almost certain: nothing is paid for what is known.
final class BoughtAnswers implements Teacher {
    private static final double CERTAINTY = 1 - 1e-6;

    private final String teacher;
    private final String validationId;
    private final @Nullable Tensor validation;
    private final Tensor transfer;

    /// @param labels  of the labelled samples, which come first in the transfer set
    /// @param answers logits [Q, L] of the queried ones, which come after
    BoughtAnswers(String teacher, String validationId, @Nullable Tensor validation, int[] labels, Tensor answers) {
        this.teacher = teacher;
        this.validationId = validationId;
        this.validation = validation;
        transfer = labels.length == 0 ? answers : Tensor.cat(0, certain(labels, answers.size(1)), answers);
    }

    private static Tensor certain(int[] labels, int classes) {
        float known = (float) Math.log(CERTAINTY);
        float other = (float) Math.log((1 - CERTAINTY) / Math.max(1, classes - 1));
        float[] logits = new float[labels.length * classes];
        for (int i = 0; i < labels.length; i++) {
            for (int c = 0; c < classes; c++) {
                logits[i * classes + c] = c == labels[i] ? known : other;
            }
        }
        return Tensor.wrap(DType.F32, logits, labels.length, classes);
    }

    @Override
    public String fingerprint() {
        return Fingerprint.of(teacher, "bought");
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        if (!query.taps().equals(Set.of(Tap.LOGITS)) || !query.augmentation().equals(TeacherQuery.NONE)) {
            throw new IllegalArgumentException(
                    "active distillation: the teacher was asked for the logits of clean inputs"
                            + " only; the method wants taps " + query.taps() + " of augmentation '"
                            + query.augmentation()
                            + "'. Use a method that needs TeacherLabels, or train without augmentation");
        }
        Tensor known = query.dataset().equals(validationId) && validation != null ? validation : transfer;
        long[] rows = new long[query.indices().length];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = query.indices()[i];
        }
        return Map.of(Tap.LOGITS, known.indexSelect(0, Tensor.of(rows)));
    }
}
