package dev.retort.bench.reproduce.papers;

import dev.retort.bench.reproduce.CellRun;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Training;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.teacher.CachedTeacher;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.nn.optim.Adam;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// One run on a pool of images: a teacher trained on the labelled ones, kept for all cells of its seed, and a
/// student distilled from it.
final class PoolTrial {
    /// How everybody is trained, in words.
    static final String TRAINING =
            "AdamW 0.003, weight decay 0.01, cosine with 5 % warm-up, batches of 64; teachers 50 with random crops";

    private static final double RATE = 0.003;
    private static final double WEIGHT_DECAY = 0.01;
    private static final double WARM_UP = 0.05;
    private static final int BATCH = 64;
    private static final int TEACHER_BATCH = 50;
    private static final int STEPS_BETWEEN_CHECKPOINTS = 400;

    private final PoolTask task;
    private final Scale scale;
    private final DataSplit data;
    private final long seed;
    private final CellRun run;

    PoolTrial(PoolTask task, Scale scale, DataSplit data, long seed, CellRun run) {
        this.task = task;
        this.scale = scale;
        this.data = data;
        this.seed = seed;
        this.run = run;
    }

    private String shelf() {
        return "teacher-" + task.name().replaceAll("\\W+", "-") + "-"
                + data.labelled().size() + "-seed-" + seed + "-" + Fingerprint.of(data.labelled());
    }

    /// The teacher of the seed and the number of labelled images: trained once, then read.
    Layer teacher() throws IOException {
        int batch = Math.min(TEACHER_BATCH, data.labelled().size());
        int epochs = Math.ceilDiv(scale.teacherSteps() * batch, data.labelled().size());
        return Distillation.withoutTeacher(task.network(scale.teacher()))
                .labelled(data.labelled())
                .method(new LabelsOnly())
                .training(training(epochs, batch, task.augmentation()))
                .listener(run)
                .folder(run.shared().resolve(shelf()))
                .fit()
                .student();
    }

    /// The teacher with its answers kept.
    CachedTeacher cached(Layer teacher) {
        return CachedTeacher.inFolder(new LiveTeacher(teacher), run.shared().resolve("labels"));
    }

    private Training training(int epochs, int batch, Transform augmentation) {
        return Training.defaults()
                .withEpochs(epochs)
                .withBatchSize(batch, 1)
                .withOptimizer(
                        new OptimizerChoice.OfAdamW(Adam.Config.of(RATE).withWeightDecay(WEIGHT_DECAY)),
                        new ScheduleChoice.Cosine(WARM_UP, 0))
                .withTransforms(augmentation, task.preparation())
                .withSeed(seed)
                .withEvery(0, STEPS_BETWEEN_CHECKPOINTS);
    }

    /// A student of the scale's architecture.
    Distilled distil(Teacher teacher, DistillationMethod method) throws IOException {
        return distil(teacher, method, scale.student());
    }

    /// A student of an architecture; goes on from a checkpoint if the run was interrupted.
    Distilled distil(Teacher teacher, DistillationMethod method, String architecture) throws IOException {
        Distilled distilled = Distillation.with(teacher, task.network(architecture))
                .labelled(data.labelled())
                .unlabelled(data.pool())
                .validation(data.validation())
                .method(method)
                .training(training(scale.epochs(), BATCH, task.preparation()))
                .listener(run)
                .folder(run.scratch())
                .fit();
        if (teacher instanceof CachedTeacher cache) {
            cache.save();
        }
        return distilled;
    }

    /// A student of the labelled images alone, trained once a seed and then read.
    Distilled first(DistillationMethod labelsOnly) throws IOException {
        return Distillation.withoutTeacher(task.network(scale.student()))
                .labelled(data.labelled())
                .unlabelled(data.pool())
                .method(labelsOnly)
                .training(training(scale.epochs(), BATCH, task.preparation()))
                .listener(run)
                .folder(run.shared().resolve(shelf() + "-first-student"))
                .fit();
    }

    /// What a network says about samples.
    Predictions predictions(Layer network, Dataset samples) {
        return Predictions.of(network, samples, task.preparation());
    }

    /// The same with other data.
    PoolTrial with(DataSplit other) {
        return new PoolTrial(task, scale, other, seed, run);
    }

    /// What is measured of every student: accuracy on the test images, that of the teacher, and how often both
    /// agree.
    Map<String, Double> judge(Distilled student, Layer teacher) {
        Predictions own = student.predict(data.test());
        Predictions other = Predictions.of(teacher, data.test(), task.preparation());
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("accuracy", own.accuracy());
        metrics.put("teacher_accuracy", other.accuracy());
        metrics.put("agreement", own.agreement(other));
        return metrics;
    }

    DataSplit data() {
        return data;
    }
}
