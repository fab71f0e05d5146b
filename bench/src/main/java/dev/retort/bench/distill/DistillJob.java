package dev.retort.bench.distill;

import dev.retort.bench.CommandException;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.bench.model.ImageShape;
import dev.retort.bench.model.ModelCard;
import dev.retort.bench.model.ModelSpec;
import dev.retort.bench.model.Normalization;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochReport;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Training;
import dev.retort.distill.compare.Comparison;
import dev.retort.distill.compare.ComparisonResult;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.compare.MethodRun;
import dev.retort.distill.compare.TeacherRun;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.Dgkd;
import dev.retort.distill.method.Takd;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.RandomCrop;
import dev.retort.nn.data.Transform;
import dev.retort.nn.optim.Adam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;

/// The main job: a [Comparison] with the models and training that the options say, and everything
/// measured of it.
final class DistillJob {
    private static final double WEIGHT_DECAY = 0.01;
    private static final double WARM_UP = 0.05;
    private static final int TEACHER_BATCH = 50;
    private static final int CROP_PADDING = 2;
    private static final int STEPS_BETWEEN_CHECKPOINTS = 200;

    private final DistillOptions options;
    private final DataFolder data;
    private final Normalize normalize;
    private final ImageShape shape;
    private final List<String> classNames;
    private final List<DataSplit> splits = new ArrayList<>();

    /// Divides the data for all seeds, so that impossible sizes fail before any training.
    DistillJob(DistillOptions options, DataFolder data) {
        this.options = options;
        this.data = data;
        normalize = Normalize.fit(data.train());
        shape = ImageShape.of(data.train().get(0).input().shape());
        classNames = Partition.classNames(data.train());
        checkSize("--teacher", options.teacher);
        checkSize("--student", options.student);
        for (int seed = 1; seed <= options.seeds; seed++) {
            splits.add(Partition.of(data, options, seed));
        }
    }

    /// A student that no memory holds is refused before its teacher is trained for minutes.
    private void checkSize(String option, String network) {
        long weights = ModelSpec.parse(network).leastWeights(shape);
        long most = Runtime.getRuntime().maxMemory();
        if (weights > most / Float.BYTES) {
            throw new CommandException(String.format(
                    Locale.ROOT,
                    "%s: %s has at least %,d weights, more than a heap of %d MiB holds",
                    option,
                    network,
                    weights,
                    most >> 20));
        }
    }

    /// Trains what is not trained yet: teachers with random crops, students without augmentation, so that
    /// the teacher's answers are computed once.
    ///
    /// @throws dev.retort.distill.TrainingStopped if the watch asked to stop
    ComparisonResult train(Checkpoints checkpoints, Watch watch) throws IOException {
        ModelSpec teacher = ModelSpec.parse(options.teacher);
        ModelSpec student = ModelSpec.parse(options.student);
        Transform crops = new RandomCrop(shape.height(), shape.width(), CROP_PADDING).then(normalize);
        Comparison comparison = new Comparison(seed -> splits.get((int) seed - 1))
                .teacher(
                        factory(teacher),
                        training(options.teacherEpochs, Math.min(TEACHER_BATCH, options.labels), crops))
                .student(factory(student), training(options.epochs, options.batch, normalize))
                .seeds(LongStream.rangeClosed(1, options.seeds).toArray())
                .listener(watch)
                .devices(DeviceChoice.parseAll(options.device))
                .folder(checkpoints.folder());
        methods().forEach(comparison::method);
        return comparison.run();
    }

    private Map<String, DistillationMethod> methods() {
        DataSplit first = splits.getFirst();
        int perEpoch = first.labelled().size() + first.pool().size();
        return options.chosen(this::factory, SampleRange.of(shape, normalize, perEpoch));
    }

    private NetworkFactory factory(ModelSpec spec) {
        return rng -> spec.create(shape, classNames.size(), rng);
    }

    private Training training(int epochs, int batch, Transform augmentation) {
        return Training.defaults()
                .withEpochs(epochs)
                .withBatchSize(batch, 1)
                .withOptimizer(
                        new OptimizerChoice.OfAdamW(Adam.Config.of(options.lr).withWeightDecay(WEIGHT_DECAY)),
                        new ScheduleChoice.Cosine(WARM_UP, 0))
                .withTransforms(augmentation, normalize)
                .withEvery(1, STEPS_BETWEEN_CHECKPOINTS);
    }

    /// Everything measured.
    Results results(ComparisonResult compared, Watch watch, Map<String, Object> provenance) {
        TeacherRun first = compared.teachers().getFirst();
        Results.TeacherResult teacher = new Results.TeacherResult(
                options.teacher,
                compared.teachers().stream().map(TeacherRun::accuracy).toList(),
                first.network().parameterCount(),
                Weights.bytes(first.network()),
                Weights.imagesPerSecond(first.network(), shape));
        List<Results.MethodResult> methods = new ArrayList<>();
        for (String name : compared.methods()) {
            methods.add(method(name, compared.runs(name), watch));
        }
        Predictions judged = Predictions.of(first.network(), splits.getFirst().validation(), normalize);
        List<Results.Disagreement> gallery =
                Gallery.of(splits.getFirst().test(), classNames, compared.disagreements(first.seed(), Gallery.SHOWN));
        return new Results(teacher, methods, MarginBins.of(judged, first.byMargin()), gallery, provenance);
    }

    private Results.MethodResult method(String name, List<MethodRun> runs, Watch watch) {
        var student = runs.getFirst().distilled().student();
        return new Results.MethodResult(
                name,
                runs.stream().map(MethodRun::accuracy).toList(),
                runs.stream().map(MethodRun::agreement).toList(),
                runs.stream().map(DistillJob::curve).toList(),
                terms(runs),
                student.parameterCount(),
                Weights.bytes(student),
                Weights.imagesPerSecond(student, shape),
                runs.stream().map(watch::seconds).toList());
    }

    /// A term that an epoch (of another stage) does not have is NaN there.
    private static Map<String, List<List<Double>>> terms(List<MethodRun> runs) {
        Map<String, List<List<Double>>> terms = new LinkedHashMap<>();
        runs.getFirst()
                .reports()
                .forEach(report -> report.terms().keySet().forEach(name -> terms.put(name, List.of())));
        terms.replaceAll((name, _) -> runs.stream()
                .map(run -> run.reports().stream()
                        .map(report -> report.terms().getOrDefault(name, Double.NaN))
                        .toList())
                .toList());
        return terms;
    }

    private static List<Double> curve(MethodRun run) {
        return run.reports().stream()
                .filter(EpochReport::isEvaluated)
                .map(EpochReport::accuracy)
                .toList();
    }

    /// Saves the best method's student, of the seed in which it ended best on the validation images: the
    /// test images choose nothing but the method.
    void saveBest(ComparisonResult compared, Results results, Path file) throws IOException {
        String name = results.best().name();
        MethodRun best = compared.runs(name).stream()
                .max(Comparator.comparingDouble(run -> curve(run).getLast()))
                .orElseThrow();
        Map<String, Object> provenance = new LinkedHashMap<>(results.provenance());
        provenance.put("method", name);
        provenance.put("seed", best.seed());
        provenance.put("test_accuracy", best.accuracy());
        new ModelCard(options.student, shape, classNames, Normalization.of(normalize), provenance)
                .save(best.distilled().student(), file);
    }

    /// The data, the sizes of its parts, and the methods with all their settings, for the provenance.
    Map<String, Object> settings() {
        DataSplit first = splits.getFirst();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("data", data.format());
        all.put("data_source", options.data);
        all.put("data_contents", ImageSource.contents(data));
        all.put("labelled", first.labelled().size());
        all.put("validation", first.validation().size());
        all.put("unlabelled", first.pool().size());
        all.put("test", first.test().size());
        Map<String, DistillationMethod> methods = methods();
        Map<String, String> texts = new LinkedHashMap<>();
        methods.forEach((name, method) -> texts.put(name, method.toString()));
        all.put("methods", texts);
        if (methods.values().stream().anyMatch(method -> method instanceof Takd || method instanceof Dgkd)) {
            all.put("assistants", options.assistants);
        }
        return all;
    }
}
