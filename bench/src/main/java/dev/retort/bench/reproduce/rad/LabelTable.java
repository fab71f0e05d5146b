package dev.retort.bench.reproduce.rad;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// A teacher whose errors are known: for each sample it tells the truth with a given probability, else the
/// most likely wrong class, and is exactly as confident as it is right on average.
final class LabelTable implements Teacher {
    private final String name;
    private final Map<String, Tensor> logits = new HashMap<>();

    /// @param name says everything that the answers follow from
    LabelTable(String name) {
        this.name = name;
    }

    /// Draws the answers for a data set.
    ///
    /// @param wrong  probability of a wrong label, a sample
    /// @param rivals the class that is told instead, a sample
    LabelTable with(Dataset data, double[] wrong, int[] rivals, int classes, Rng rng) {
        float[] values = new float[wrong.length * classes];
        int[] truth = data.labels();
        for (int i = 0; i < wrong.length; i++) {
            int told = rng.nextDouble() < wrong[i] ? rivals[i] : truth[i];
            double confidence = Math.clamp(1 - wrong[i], 0.5, 0.99);
            for (int c = 0; c < classes; c++) {
                double p = c == told ? confidence : (1 - confidence) / (classes - 1);
                values[i * classes + c] = (float) Math.log(p);
            }
        }
        logits.put(Fingerprint.of(data), Tensor.wrap(DType.F32, values, wrong.length, classes));
        return this;
    }

    @Override
    public String fingerprint() {
        return Fingerprint.of("label table", name);
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        Tensor known = logits.get(query.dataset());
        if (known == null) {
            throw new IllegalArgumentException(
                    "label table: expected one of the data sets " + logits.keySet() + ", got " + query.dataset());
        }
        long[] rows = Arrays.stream(query.indices()).asLongStream().toArray();
        return Map.of(Tap.LOGITS, known.indexSelect(0, Tensor.of(rows)));
    }
}
