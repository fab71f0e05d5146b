package dev.retort.bench.select;

import dev.retort.bench.CommandException;
import dev.retort.bench.FolderLock;
import dev.retort.bench.StopSignal;
import dev.retort.bench.Terminal;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.bench.info.Provenance;
import dev.retort.bench.model.ImageShape;
import dev.retort.bench.model.ModelSpec;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Training;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.active.ActiveDistillation;
import dev.retort.distill.active.ActiveResult;
import dev.retort.distill.teacher.Price;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.train.ProgressBar;
import dev.retort.tensor.Rng;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort active`: asks a teacher in rounds, about chosen images only, and says what that cost.
@Command(
        name = "active",
        description = {
            "Distil from a teacher that is asked about a few chosen images only.",
            "In rounds: choose, ask, train a new student on everything known. The teacher is trained here, a saved model, or a"
                    + " service behind a URL whose answers cost money. Ctrl-C leaves everything saved; the same command goes"
                    + " on, and no answer is paid for twice."
        })
public final class ActiveCommand implements Callable<Integer> {
    private static final double RATE = 2e-3;
    private static final int BATCH = 32;

    @Spec
    private CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Mixin
    private final ActiveOptions options = new ActiveOptions();

    @Override
    public Integer call() throws IOException {
        options.check();
        PrintWriter out = spec.commandLine().getOut();
        DataFolder data = data();
        Dataset train = data.train();
        int[] labels = train.labels();
        int classes = Math.max(classes(labels), train.classNames().size()); // test images may be of any of them
        int[] sizes = {options.labels, options.validation, options.pool};
        int[][] parts = Splits.stratified(labels, sizes, new Rng(options.seed).fork(2));
        Subset labelled = new Subset(train, parts[0]);
        Normalize normalize = Normalize.fit(labelled);
        ModelSpec student = ModelSpec.parse(options.student);
        ImageShape shape = ImageShape.of(train.get(0).input().shape());
        Price price = options.price();
        Training training = training(normalize);
        try (FolderLock _ = FolderLock.of("--out", options.out);
                StopSignal stop = StopSignal.install();
                ProgressBar bar = Terminal.progressBar();
                ActiveWatch watch = new ActiveWatch(bar, stop);
                ActiveTeacher teacher =
                        ActiveTeacher.of(options, labelled, normalize, classes, price, training, watch)) {
            ActiveDistillation run = distillation(teacher, student, shape, classes)
                    .labelled(labelled)
                    .validation(new Subset(train, parts[1]))
                    .pool(new Subset(train, parts[2]))
                    .training(training)
                    .price(price)
                    .listener(watch);
            data.test().ifPresent(run::test);
            report(run.fit(), teacher, parts[2], provenance(data), out);
            return 0;
        } catch (TrainingStopped e) {
            System.err.println("retort: stopped; the same command goes on");
            return 1;
        }
    }

    private DataFolder data() throws IOException {
        try (ProgressBar bar = Terminal.progressBar()) {
            return ImageSource.parse(options.data, new DownloadBar(bar)).open();
        }
    }

    private int classes(int[] labels) {
        int classes = 1 + Arrays.stream(labels).max().orElse(0);
        if (classes < 2) {
            throw new CommandException(
                    "active: expects images of at least 2 classes in " + options.data + ", got " + classes);
        }
        return classes;
    }

    private ActiveDistillation distillation(ActiveTeacher teacher, ModelSpec student, ImageShape shape, int classes) {
        return ActiveDistillation.with(teacher.teacher(), rng -> student.create(shape, classes, rng))
                .selector(Selectors.of(options.selector))
                .method(options.method())
                .budget(options.budget, options.rounds)
                .retraining(options.retraining)
                .teacherInputs(teacher.inputs())
                .embedding(student.last())
                .folder(options.out.resolve("rounds"));
    }

    private Training training(Normalize normalize) {
        return Training.defaults()
                .withEpochs(options.epochs)
                .withBatchSize(BATCH, 1)
                .withOptimizer(
                        new OptimizerChoice.OfAdamW(Adam.Config.of(RATE).withWeightDecay(0.01)),
                        new ScheduleChoice.Cosine(0, 0))
                .withTransforms(normalize, normalize)
                .withSeed(options.seed)
                .withEvery(0, 200);
    }

    private Map<String, Object> provenance(DataFolder data) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("data", data.format());
        all.put("data_source", options.data);
        all.put("data_contents", ImageSource.contents(data));
        all.putAll(options.described());
        all.putAll(Provenance.here());
        return all;
    }

    private void report(
            ActiveResult result, ActiveTeacher teacher, int[] pool, Map<String, Object> provenance, PrintWriter out)
            throws IOException {
        ActiveReport report = new ActiveReport(options, result, teacher.paid(), pool, provenance);
        write("results.json", report.json());
        write("questions.csv", report.csv());
        if (options.json) {
            out.print(report.json());
        } else {
            out.print(report.table());
            out.println("\nquestions  " + options.out.resolve("questions.csv") + "\nresults    "
                    + options.out.resolve("results.json"));
        }
        out.flush();
    }

    private void write(String name, String text) throws IOException {
        AtomicFile.write(options.out.resolve(name), text.getBytes(StandardCharsets.UTF_8));
    }
}
