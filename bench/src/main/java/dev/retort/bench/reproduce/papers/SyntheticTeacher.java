package dev.retort.bench.reproduce.papers;

import dev.retort.distill.estimate.Transition;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.LossCorrection;
import dev.retort.distill.method.TeacherLabel;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/// A teacher whose errors are known, because it is made of the true labels.
///
/// ```
/// margin m  ~ uniform on [0, 1]
/// P(wrong | m) = 2 η (1 − m)                     η in all
/// wrong: a uniformly random other class is on top, the truth is at a uniformly random place 2 … k
/// p₍₁₎ − p₍₂₎ = m,  p₍ⱼ₊₁₎ = 0.8 p₍ⱼ₎ from the second on
/// ```
///
/// Its noise is exactly the model behind label mixing, α(x) = 1 − 2 η (1 − m). It knows samples by their
/// pixels, since a student's pool has no labels.
final class SyntheticTeacher implements Teacher {
    private static final double DECAY = 0.8;

    private final Map<Long, double[]> answers = new HashMap<>();
    private final int classes;
    private final String fingerprint;

    /// A teacher for the samples of a data set.
    ///
    /// @param rate      η, in [0, 0.5]
    /// @param shortList k, at least 2
    /// @param transform what inputs have gone through when the teacher is asked
    SyntheticTeacher(Dataset data, int classes, double rate, int shortList, Transform transform, long seed) {
        this.classes = classes;
        fingerprint = "synthetic " + rate + " " + shortList + " " + classes + " " + seed;
        for (int i = 0; i < data.size(); i++) {
            Rng rng = new Rng(seed).fork(i);
            Tensor input = transform.apply(data.get(i).input(), rng.fork(0));
            answers.put(key(input.toFloats(), 0, input.numel()), answer((int) data.label(i), rate, shortList, rng));
        }
    }

    private double[] answer(int truth, double rate, int shortList, Rng rng) {
        double margin = rng.nextDouble();
        boolean wrong = rng.nextDouble() < 2 * rate * (1 - margin);
        int[] order = rng.permutation(classes);
        int wanted = wrong ? 1 + rng.nextInt(Math.min(shortList, classes) - 1) : 0;
        int place = 0;
        while (order[place] != truth) {
            place++;
        }
        order[place] = order[wanted];
        order[wanted] = truth;
        double sum = 0;
        for (int rank = 1; rank < classes; rank++) {
            sum += Math.pow(DECAY, rank - 1.0);
        }
        double second = (1 - margin) / (1 + sum);
        double[] logits = new double[classes];
        for (int rank = 0; rank < classes; rank++) {
            double p = rank == 0 ? second + margin : second * Math.pow(DECAY, rank - 1.0);
            logits[order[rank]] = Math.log(Math.max(p, 1e-12));
        }
        return logits;
    }

    /// Forward correction by the matrix of its confusions, averaged over margins.
    static LossCorrection forward(int classes, double rate) {
        return new LossCorrection(
                LossCorrection.Direction.FORWARD, Transition.Known.symmetric(classes, rate), TeacherLabel.HARD);
    }

    /// 64 bits of the pixels (FNV-1a over words).
    private static long key(float[] pixels, int from, int count) {
        long hash = 0xcbf29ce484222325L;
        for (int i = from; i < from + count; i++) {
            hash = (hash ^ Float.floatToIntBits(pixels[i])) * 0x100000001b3L;
        }
        return hash;
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        if (!query.taps().stream().allMatch(Tap.LOGITS::equals)) {
            throw new IllegalArgumentException("synthetic teacher: it has logits only, got " + query.taps());
        }
        Tensor inputs = query.inputs().get();
        int count = inputs.size(0);
        float[] pixels = inputs.toFloats();
        int size = pixels.length / count;
        float[] logits = new float[count * classes];
        for (int row = 0; row < count; row++) {
            double[] found = answers.get(key(pixels, row * size, size));
            if (found == null) {
                throw new IllegalArgumentException("synthetic teacher: it does not know sample " + query.indices()[row]
                        + " of " + query.dataset());
            }
            for (int c = 0; c < classes; c++) {
                logits[row * classes + c] = (float) found[c];
            }
        }
        return Map.of(Tap.LOGITS, Tensor.of(logits, count, classes));
    }
}
