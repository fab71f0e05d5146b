package dev.retort.distill;

import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One distillation: a teacher, students, data, a method.
///
/// ```java
/// Distilled result = Distillation.with(new LiveTeacher(teacher), rng -> new Mlp(Mlp.Config.of(784, 10, 64), rng))
///         .labelled(labelled).unlabelled(pool).validation(validation)
///         .method(new Slam())
///         .fit();
/// double accuracy = result.predict(test).accuracy();
/// ```
///
/// With a folder the run writes checkpoints, and a later run of the same configuration goes on from them
/// with the same bits as if it had never stopped. Not thread-safe.
public final class Distillation {
    private static final int STUDENT = 1;
    private static final int SAMPLES = 5;

    private final @Nullable Teacher teacher;
    private final NetworkFactory students;
    private @Nullable Dataset labelled;
    private @Nullable Dataset pool;
    private @Nullable Dataset validation;
    private @Nullable DistillationMethod method;
    private Training training = Training.defaults();
    private TrainingListener listener = TrainingListener.NONE;
    private @Nullable Path folder;
    private List<Device> devices = List.of();

    private Distillation(@Nullable Teacher teacher, NetworkFactory students) {
        this.teacher = teacher;
        this.students = students;
    }

    /// From a teacher into students of one architecture.
    public static Distillation with(Teacher teacher, NetworkFactory students) {
        return new Distillation(teacher, students);
    }

    /// From a network, in evaluation mode, into students of one architecture.
    public static Distillation with(Layer teacher, NetworkFactory students) {
        return with(new LiveTeacher(teacher), students);
    }

    /// From a teacher into a student that exists already, such as a pre-trained one, which is changed.
    /// Methods that need several students, or fresh ones for later stages, want a factory.
    public static Distillation with(Teacher teacher, Layer student) {
        return with(teacher, _ -> student);
    }

    /// From a network, in evaluation mode, into a student that exists already.
    public static Distillation with(Layer teacher, Layer student) {
        return with(new LiveTeacher(teacher), student);
    }

    /// Without a teacher: for plain training, and for students that teach each other.
    public static Distillation withoutTeacher(NetworkFactory students) {
        return new Distillation(null, students);
    }

    /// The samples whose labels are used.
    public Distillation labelled(Dataset data) {
        labelled = data;
        return this;
    }

    /// The samples without labels; labels that they do have are not looked at.
    public Distillation unlabelled(Dataset data) {
        pool = data;
        return this;
    }

    /// Labelled samples that are not trained on: to judge the teacher by, and for learning curves.
    public Distillation validation(Dataset data) {
        validation = data;
        return this;
    }

    /// How to distil.
    public Distillation method(DistillationMethod newMethod) {
        method = newMethod;
        return this;
    }

    /// How long and how; [Training#defaults()] if nothing is said.
    public Distillation training(Training newTraining) {
        training = newTraining;
        return this;
    }

    /// Who watches.
    public Distillation listener(TrainingListener newListener) {
        listener = newListener;
        return this;
    }

    /// Where checkpoints are kept; none are written if nothing is said.
    public Distillation folder(Path newFolder) {
        folder = newFolder;
        return this;
    }

    /// Where students train: moved to the first device, and with several the samples of each step are
    /// shared among them, with replicas from the factory. Where the factory puts them if nothing is said.
    /// A run may be resumed on other devices; its bits are then others.
    public Distillation devices(List<Device> newDevices) {
        devices = List.copyOf(newDevices);
        return this;
    }

    /// Runs all stages, or what is left of them.
    ///
    /// @throws IllegalStateException    if there is no method or no sample, a need of the method can't be
    ///     met, or the folder holds another run
    /// @throws TrainingStopped          if the listener asked to stop
    /// @throws TrainingDiverged         if a loss is not finite; the message names the term
    /// @throws IOException              if a checkpoint can't be read or written
    public Distilled fit() throws IOException {
        DistillationMethod chosen = method;
        boolean onValidation = trainsOnValidation(chosen);
        TransferSet data = new TransferSet(onValidation ? joined() : labelled, pool);
        boolean dataFree = chosen != null && chosen.stages().stream().allMatch(s -> s.objective() instanceof DataFree);
        if (chosen == null || (data.size() == 0 && !dataFree)) {
            throw new IllegalStateException(
                    "distillation: expected samples and a method, got " + data.size() + " samples and " + chosen);
        }
        String dataset = Fingerprint.of(data);
        String validationId = validation == null ? "none" : Fingerprint.of(validation);
        RunFolder saved = new RunFolder(folder, key(chosen, dataset, validationId));
        List<Layer> results = new ArrayList<>();
        List<EpochReport> reports = new ArrayList<>();
        List<Stage> stages = chosen.stages();
        for (int number = 0; number < stages.size(); number++) {
            Stage stage = stages.get(number);
            StageInputs inputs = inputs(stage, number, data, dataset, validationId, teacherOf(stage, results));
            List<Layer> own = studentsOf(stage, number, results);
            List<EpochReport> seen = saved.finished(number, own);
            if (seen == null) {
                StageLoop loop = new StageLoop(inputs, cohort(own, networks(stage)));
                saved.resume(number, loop);
                run(chosen.name(), loop, stage, saved, number, onValidation ? null : validation);
                saved.finish(number, loop);
                seen = loop.reports();
            }
            own.getFirst().zeroGrad(); // a result does not keep the gradients of its last step
            results.add(own.getFirst());
            reports.addAll(seen);
        }
        List<Layer> answer = chosen.ensemble() ? results : List.of(results.getLast());
        answer.forEach(Layer::eval);
        return new Distilled(chosen.name(), answer, reports, training.preparation(), networks(stages.getLast()));
    }

    private NetworkFactory networks(Stage stage) {
        NetworkFactory own = stage.networks();
        return own == null ? students : own;
    }

    /// Replicas get their student's values, so their own do not matter.
    private Cohort cohort(List<Layer> own, NetworkFactory networks) {
        return devices.isEmpty()
                ? new Cohort(own)
                : new Cohort(own, () -> networks.create(new Rng(training.seed())), devices);
    }

    /// What must be equal for a saved run to fit.
    private String key(DistillationMethod chosen, String dataset, String validationId) {
        return chosen + "; " + training.key() + "; data " + dataset + "; validation " + validationId + "; teacher "
                + (teacher == null ? "none" : teacher.fingerprint());
    }

    private static boolean trainsOnValidation(@Nullable DistillationMethod method) {
        return method != null
                && method.stages().stream()
                        .anyMatch(stage -> stage.objective().needs().contains(new Need.ValidationSamples()));
    }

    private Dataset joined() {
        Dataset held = validation;
        if (held == null) {
            throw new IllegalStateException("distillation: expected a validation set to train on, got none");
        }
        Dataset known = labelled;
        return known == null ? held : new JoinedSamples(known, held);
    }

    private StageInputs inputs(
            Stage stage, int number, TransferSet data, String dataset, String validationId, @Nullable Teacher own) {
        if (!(stage.objective() instanceof DataFree free)) {
            return new StageInputs(stage, number, training, data, dataset, validation, validationId, own, null);
        }
        if (!(own instanceof LiveTeacher live)) {
            throw new IllegalStateException("distillation: stage " + stage.name()
                    + " draws its samples out of the teacher's network; expected a live teacher, got "
                    + (own == null ? "none" : own.getClass().getSimpleName()));
        }
        SampleSource source = free.source(
                live.network(), new Rng(training.seed()).fork(SAMPLES).fork(number));
        TransferSet made =
                source.hasTargets() ? new TransferSet(source.data(), null) : new TransferSet(null, source.data());
        return new StageInputs(stage, number, training, made, "synthetic", validation, validationId, own, source);
    }

    private @Nullable Teacher teacherOf(Stage stage, List<Layer> results) {
        return switch (stage.teacher()) {
            case GIVEN -> teacher;
            case PREVIOUS_STUDENT -> {
                if (results.isEmpty()) {
                    throw new IllegalStateException(
                            "distillation: stage " + stage.name() + " expects a stage before it, got none");
                }
                yield new LiveTeacher(results.getLast());
            }
            case GIVEN_AND_STUDENTS -> {
                Teacher given = teacher;
                if (given == null) {
                    throw new IllegalStateException(
                            "distillation: stage " + stage.name() + " expects a teacher, got none");
                }
                List<Teacher> all = new ArrayList<>(List.of(given));
                results.forEach(student -> all.add(new LiveTeacher(student)));
                yield new TeacherEnsemble(all);
            }
        };
    }

    private List<Layer> studentsOf(Stage stage, int number, List<Layer> results) {
        boolean continued = stage.student() == Stage.Start.CONTINUED && !results.isEmpty();
        List<Layer> own = new ArrayList<>();
        for (int peer = 0; peer < stage.objective().peers(); peer++) {
            Rng rng = new Rng(training.seed()).fork(STUDENT).fork(number).fork(peer);
            Layer student = networks(stage).create(rng);
            if (!devices.isEmpty()) {
                student.to(devices.getFirst());
            }
            if (own.contains(student) || (results.contains(student) && !continued)) {
                throw new IllegalStateException("distillation: stage " + stage.name()
                        + " expects another new student, got the same network again; give a factory of students");
            }
            if (continued && peer == 0) {
                student.loadStateDict(results.getLast().stateDict());
            }
            own.add(student);
        }
        return own;
    }

    private void run(String name, StageLoop loop, Stage stage, RunFolder saved, int number, @Nullable Dataset held)
            throws IOException {
        listener.started(name, stage.name(), loop.step(), loop.steps());
        while (!loop.isFinished()) {
            StageLoop.Taken taken = loop.advance();
            listener.step(loop.step(), taken.samples(), taken.loss());
            if (loop.atEpochEnd()) {
                listener.epoch(loop.closeEpoch(validationAccuracy(loop, held)));
            }
            boolean stop = listener.stopRequested() && !loop.isFinished();
            boolean due = training.saveEvery() > 0 && loop.step() % training.saveEvery() == 0;
            if (stop || due) {
                saved.save(number, loop);
            }
            if (stop) {
                throw new TrainingStopped(stage.name(), loop.step(), saved.running(number));
            }
        }
    }

    private double validationAccuracy(StageLoop loop, @Nullable Dataset held) {
        int epoch = loop.epoch() - 1; // the epoch that just ended
        int every = training.evaluateEvery();
        boolean wanted = loop.isFinished() || (every > 0 && epoch % every == 0);
        return held == null || !wanted
                ? Double.NaN
                : Predictions.of(loop.students().getFirst(), held, training.preparation())
                        .accuracy();
    }
}
