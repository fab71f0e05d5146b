package dev.retort.distill.compare;

import dev.retort.distill.DataFree;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.EpochReport;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Training;
import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import dev.retort.distill.estimate.TeacherAccuracy;
import dev.retort.distill.evaluate.Calibration;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.teacher.CachedTeacher;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Trains a teacher for each seed, then a student with each method, and judges them on the same test
/// samples.
///
/// ```java
/// ComparisonResult result = new Comparison(seed -> split(seed))
///         .teacher(teacherNet, teacherTraining)
///         .student(studentNet, studentTraining)
///         .method(new LabelsOnly()).method(new Slam())
///         .seeds(1, 2, 3)
///         .run();
/// ```
///
/// Runs of one seed are paired: same split, same teacher, same initial student, same order of the
/// samples. With a folder every run is saved (`seed-1/slam`, …); running the same comparison again reads
/// what is done and goes on where it stopped, with the same bits.
public final class Comparison {
    private static final int CONFIDENCE_BINS = 15;
    private static final int MARGIN_BINS = 10;

    private final DataSplit.BySeed splits;
    private final Map<String, DistillationMethod> methods = new LinkedHashMap<>();
    private @Nullable NetworkFactory teacher;
    private @Nullable NetworkFactory student;
    private Training teacherTraining = Training.defaults();
    private Training studentTraining = Training.defaults();
    private long[] seeds = {0};
    private ComparisonListener listener = ComparisonListener.SILENT;
    private @Nullable Path folder;
    private List<Device> devices = List.of();

    /// A comparison on the data of the splits, still without networks and methods.
    public Comparison(DataSplit.BySeed splits) {
        this.splits = splits;
    }

    /// The teachers, trained on the labelled samples; the seed of the training is replaced by that of
    /// the run.
    public Comparison teacher(NetworkFactory network, Training training) {
        teacher = network;
        teacherTraining = training;
        return this;
    }

    /// The students; the seed of the training is replaced by that of the run.
    public Comparison student(NetworkFactory network, Training training) {
        student = network;
        studentTraining = training;
        return this;
    }

    /// One more method, under its own name.
    ///
    /// @throws IllegalArgumentException as [#method(String, DistillationMethod)]
    public Comparison method(DistillationMethod method) {
        return method(method.name(), method);
    }

    /// One more method, under a name that no other has: for one method with several settings.
    ///
    /// @throws IllegalArgumentException if the name is taken, or no name for a folder
    public Comparison method(String name, DistillationMethod method) {
        if (!name.matches("[\\w+-][\\w.+-]*") || name.startsWith(ComparisonListener.TEACHER)) {
            throw new IllegalArgumentException(
                    "comparison: expected a method name of letters, digits and . + - _ that does not start with 'teacher',"
                            + " got '" + name + "'");
        }
        if (methods.putIfAbsent(name, method) != null) {
            throw new IllegalArgumentException("comparison: expected different method names, got " + name + " twice");
        }
        return this;
    }

    /// The seeds, one run of every method each; 0 alone if nothing is said.
    public Comparison seeds(long... newSeeds) {
        seeds = newSeeds.clone();
        return this;
    }

    /// Who watches, and may stop.
    public Comparison listener(ComparisonListener newListener) {
        listener = newListener;
        return this;
    }

    /// Where runs are saved; nothing is saved if nothing is said.
    public Comparison folder(Path newFolder) {
        folder = newFolder;
        return this;
    }

    /// Where teachers and students train; see [Distillation#devices].
    public Comparison devices(List<Device> newDevices) {
        devices = List.copyOf(newDevices);
        return this;
    }

    /// Number of runs, teachers included.
    public int runs() {
        return seeds.length * (methods.size() + 1);
    }

    /// Runs what is not done yet and returns everything.
    ///
    /// @throws IllegalStateException                if teacher, student, methods or seeds are missing, or
    ///     the folder holds other runs
    /// @throws dev.retort.distill.TrainingStopped if the listener asked to stop
    /// @throws IOException                          if a file can't be read or written
    public ComparisonResult run() throws IOException {
        NetworkFactory teachers = teacher;
        NetworkFactory students = student;
        if (teachers == null || students == null || methods.isEmpty() || seeds.length == 0) {
            throw new IllegalStateException("comparison: expected a teacher, a student, methods and seeds, got methods "
                    + methods.keySet() + ", " + seeds.length + " seeds"
                    + (teachers == null ? ", no teacher" : "")
                    + (students == null ? ", no student" : ""));
        }
        List<TeacherRun> teacherRuns = new ArrayList<>();
        List<MethodRun> methodRuns = new ArrayList<>();
        int number = 0;
        for (long seed : seeds) {
            DataSplit data = splits.of(seed);
            listener.runStarted(number++, runs(), seed, ComparisonListener.TEACHER);
            TeacherRun own = train(teachers, data, seed);
            listener.teacherFinished(own);
            teacherRuns.add(own);
            CachedTeacher cache = cache(own);
            for (Map.Entry<String, DistillationMethod> method : methods.entrySet()) {
                listener.runStarted(number++, runs(), seed, method.getKey());
                MethodRun run = distil(students, data, own, cache, method);
                listener.methodFinished(run);
                methodRuns.add(run);
            }
        }
        return new ComparisonResult(teacherRuns, methodRuns);
    }

    private TeacherRun train(NetworkFactory teachers, DataSplit data, long seed) throws IOException {
        Distilled trained = saved(
                        Distillation.withoutTeacher(teachers)
                                .labelled(data.labelled())
                                .validation(data.validation())
                                .method(new LabelsOnly())
                                .training(teacherTraining.withSeed(seed))
                                .listener(listener),
                        seed,
                        ComparisonListener.TEACHER)
                .fit();
        Predictions held = trained.predict(data.validation());
        Predictions test = trained.predict(data.test());
        return new TeacherRun(
                seed,
                trained.student(),
                trained.reports(),
                test.accuracy(),
                held.accuracy(),
                Calibration.ofConfidence(held, CONFIDENCE_BINS).error(),
                Calibration.ofMargin(held, MARGIN_BINS),
                TeacherAccuracy.fit(held.confidence(), held.labels(), 0, Prediction.INTERPOLATE),
                test);
    }

    private MethodRun distil(
            NetworkFactory students,
            DataSplit data,
            TeacherRun own,
            CachedTeacher cache,
            Map.Entry<String, DistillationMethod> method)
            throws IOException {
        String name = method.getKey();
        boolean dataFree = method.getValue().stages().stream().anyMatch(stage -> stage.objective() instanceof DataFree);
        // Samples that are made are new each time: nothing of them is worth keeping.
        Teacher teacher = dataFree ? new LiveTeacher(own.network()) : cache;
        Distilled distilled = saved(
                        Distillation.with(teacher, students)
                                .labelled(data.labelled())
                                .unlabelled(data.pool())
                                .validation(data.validation())
                                .method(method.getValue())
                                .training(studentTraining.withSeed(own.seed()))
                                .listener(listener),
                        own.seed(),
                        name)
                .fit();
        cache.save();
        Predictions test = distilled.predict(data.test());
        double best = distilled.reports().stream()
                .filter(EpochReport::isEvaluated)
                .mapToDouble(EpochReport::accuracy)
                .max()
                .orElse(Double.NaN);
        return new MethodRun(name, own.seed(), test.accuracy(), test.agreement(own.test()), best, distilled, test);
    }

    /// The methods of a seed ask for the same labels: they are computed once.
    private CachedTeacher cache(TeacherRun own) {
        LiveTeacher live = new LiveTeacher(own.network());
        return folder == null
                ? CachedTeacher.inMemory(live)
                : CachedTeacher.inFolder(
                        live, folder.resolve("seed-" + own.seed()).resolve("teacher-labels"));
    }

    private Distillation saved(Distillation distillation, long seed, String name) {
        distillation.devices(devices);
        return folder == null
                ? distillation
                : distillation.folder(folder.resolve("seed-" + seed).resolve(name));
    }
}
