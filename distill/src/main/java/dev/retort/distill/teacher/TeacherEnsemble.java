package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Several teachers of the same classes as one.
///
/// Its logits are an average, so that every method can have it as teacher; what each of them says is the
/// tap [#EACH], for methods that weigh them.
///
/// Source of the average: You, Xu, Xu and Tao, "Learning from multiple teacher networks", 2017 (KDD).
///
/// @param teachers  at least one
/// @param averaging what is averaged
public record TeacherEnsemble(List<Teacher> teachers, Averaging averaging) implements Teacher {
    /// The logits of every teacher [B, K, L].
    public static final Tap EACH = Tap.output("each-teacher");

    /// What is averaged.
    public enum Averaging {
        /// Logits: the geometric mean of the distributions; one teacher with large logits decides.
        LOGITS,
        /// Probabilities at temperature 1; the answer is their logarithm. At another temperature it is
        /// that of the mean, not the mean of those at this temperature.
        PROBABILITIES
    }

    /// Checks that there is a teacher.
    ///
    /// @throws IllegalArgumentException if not
    public TeacherEnsemble {
        teachers = List.copyOf(teachers);
        if (teachers.isEmpty()) {
            throw new IllegalArgumentException("teacher ensemble: expected at least one teacher, got none");
        }
    }

    /// The mean of the probabilities.
    public TeacherEnsemble(List<Teacher> teachers) {
        this(teachers, Averaging.PROBABILITIES);
    }

    @Override
    public String fingerprint() {
        List<String> names = new ArrayList<>(List.of("ensemble", averaging.name()));
        teachers.forEach(teacher -> names.add(teacher.fingerprint()));
        return Fingerprint.of(names.toArray(String[]::new));
    }

    /// The average, or what each says.
    ///
    /// @throws IllegalArgumentException if features are asked for
    /// @throws IllegalStateException    if the teachers know other numbers of classes
    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        Set<Tap> unknown = new LinkedHashSet<>(query.taps());
        unknown.removeAll(Set.of(Tap.LOGITS, EACH));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "teacher ensemble: expected a question about logits, got taps " + unknown);
        }
        TeacherQuery logits = new TeacherQuery(
                query.dataset(), query.indices(), query.augmentation(), query.inputs(), Set.of(Tap.LOGITS));
        Tensor[] each = teachers.stream().map(one -> one.logits(logits)).toArray(Tensor[]::new);
        for (int k = 1; k < each.length; k++) {
            each[k] = each[k].to(each[0].device()); // teachers may sit on different devices
        }
        for (Tensor one : each) {
            if (!one.shape().equals(each[0].shape())) {
                throw new IllegalStateException("teacher ensemble: expected the same classes from every teacher, got "
                        + each[0].type() + " and " + one.type());
            }
        }
        Tensor all = Tensor.stack(1, each);
        Map<Tap, Tensor> answers = new LinkedHashMap<>();
        if (query.taps().contains(Tap.LOGITS)) {
            answers.put(Tap.LOGITS, average(all));
        }
        if (query.taps().contains(EACH)) {
            answers.put(EACH, all);
        }
        return answers;
    }

    private Tensor average(Tensor all) {
        return switch (averaging) {
            case LOGITS -> all.mean(false, 1);
            case PROBABILITIES ->
                all.logSoftmax(all.rank() - 1).logsumexp(false, 1).sub(Math.log(teachers.size()));
        };
    }
}
