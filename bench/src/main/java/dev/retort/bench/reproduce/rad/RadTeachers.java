package dev.retort.bench.reproduce.rad;

import dev.retort.bench.model.ModelSpec;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.distill.Distillation;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Training;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// Who is asked. Two are networks, whose errors are what they are; two are tables with errors of which the
/// probability is known.
record RadTeachers(RadPlan plan, Training training) {
    /// A network trained on the student's labelled samples.
    static final String WEAK = "weak";
    /// A network trained on more labels than the student has.
    static final String BETTER = "better";
    /// Wrong on 30 % of the samples, all alike.
    static final String EVEN = "even-noise";
    /// Wrong on 30 % of the samples: not on the easiest, up to 60 % on the hardest.
    static final String HARD = "hard-noise";

    private static final double NOISE = 0.3;
    private static final int DRAW = 9;

    static boolean isTable(String name) {
        return name.equals(EVEN) || name.equals(HARD);
    }

    /// The teacher of that name.
    Teacher of(String name, RadData data, long seed, CellRun run) throws IOException {
        return switch (name) {
            case WEAK -> new LiveTeacher(network(name, data.labelled(), data, seed, run));
            case BETTER -> new LiveTeacher(network(name, data.taught(), data, seed, run));
            case EVEN, HARD -> table(name, data, network("judge", data.extra(), data, seed, run), seed);
            default -> throw new IllegalArgumentException("rad: expected a teacher, got '" + name + "'");
        };
    }

    private Layer network(String name, Dataset labelled, RadData data, long seed, CellRun run) throws IOException {
        ModelSpec model = ModelSpec.parse(plan.teacher());
        NetworkFactory factory = rng -> model.create(data.shape(), data.classes(), rng);
        return Distillation.withoutTeacher(factory)
                .labelled(labelled)
                .method(new LabelsOnly())
                .training(training.withTransforms(data.normalize(), data.normalize())
                        .withSeed(new Rng(seed).fork(name.hashCode()).seed()))
                .listener(run)
                .folder(run.shared().resolve("seed-" + seed).resolve(name))
                .fit()
                .student();
    }

    private static LabelTable table(String name, RadData data, Layer judge, long seed) {
        LabelTable table = new LabelTable(name + " " + seed);
        Dataset[] all = {data.pool(), data.validation()};
        for (int part = 0; part < all.length; part++) {
            Predictions judged = Predictions.of(judge, all[part], data.normalize());
            int n = judged.size();
            double[] wrong = new double[n];
            Arrays.fill(wrong, NOISE);
            if (name.equals(HARD)) {
                Integer[] order = IntStream.range(0, n).boxed().toArray(Integer[]::new);
                Arrays.sort(order, Comparator.comparingDouble(i -> -truth(judged, i)));
                for (int rank = 0; rank < n; rank++) {
                    wrong[order[rank]] = 2 * NOISE * (rank + 0.5) / n;
                }
            }
            int[] rivals = new int[n];
            Arrays.setAll(rivals, i -> rival(judged, i, data.classes()));
            table.with(
                    all[part],
                    wrong,
                    rivals,
                    data.classes(),
                    new Rng(seed).fork(DRAW).fork(part));
        }
        return table;
    }

    /// Probability of the right class.
    private static double truth(Predictions judged, int i) {
        return judged.confidence().probability(i, (int) judged.labels()[i]);
    }

    /// The most probable wrong class.
    private static int rival(Predictions judged, int i, int classes) {
        int truth = (int) judged.labels()[i];
        int best = truth == 0 ? 1 : 0;
        for (int c = 0; c < classes; c++) {
            boolean more =
                    judged.confidence().probability(i, c) > judged.confidence().probability(i, best);
            best = c != truth && more ? c : best;
        }
        return best;
    }
}
