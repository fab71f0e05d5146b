package dev.retort.bench.reproduce.rad;

import dev.retort.bench.Terminal;
import dev.retort.bench.data.ImageSource;
import dev.retort.bench.distill.DownloadBar;
import dev.retort.bench.model.ModelSpec;
import dev.retort.bench.report.Document;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.select.Selectors;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochReport;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Training;
import dev.retort.distill.active.ActiveDistillation;
import dev.retort.distill.active.ActiveListener;
import dev.retort.distill.active.ActiveResult;
import dev.retort.distill.active.Round;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.select.RobustGame;
import dev.retort.distill.select.Selection;
import dev.retort.distill.select.TeacherErrors;
import dev.retort.distill.select.Uncertainty;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.Price;
import dev.retort.nn.data.DataFolder;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.train.ProgressBar;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Selectors over budgets and teachers.
final class RadExperiment implements Experiment {
    private static final double RATE = 2e-3;
    private static final double WEIGHT_DECAY = 0.01;
    private static final int BATCH = 32;
    private static final int TEACHER_EPOCHS = 30;

    private final RadPlan plan;
    private final DataFolder data;

    /// Opens the images of a plan.
    ///
    /// @throws IOException if they are missing or damaged, or no part of them is for tests
    RadExperiment(RadPlan plan) throws IOException {
        this.plan = plan;
        try (ProgressBar bar = Terminal.progressBar()) {
            data = ImageSource.parse(plan.data(), new DownloadBar(bar)).open();
        }
        if (data.test().isEmpty()) {
            throw new IllegalArgumentException(
                    "--data: expected test images beside the training ones, got none in " + plan.data());
        }
    }

    /// A folder's images are told by their contents: results of others must not be taken for theirs.
    private String source() {
        return switch (ImageSource.parse(plan.data(), (_, _, _) -> {})) {
            case ImageSource.Embedded _, ImageSource.WholeFashionMnist _ -> plan.data();
            case ImageSource.Folder folder ->
                data.format() + " of " + folder.path().toAbsolutePath().getFileName() + ", contents "
                        + Fingerprint.of(
                                Fingerprint.of(data.train()),
                                Fingerprint.of(data.test().orElseThrow()));
        };
    }

    @Override
    public String name() {
        return "rad";
    }

    @Override
    public String title() {
        return "Robust active distillation against other selectors";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("data", source());
        all.put("labelled", String.valueOf(plan.labelled()));
        all.put("validation", String.valueOf(plan.validation()));
        all.put("extra labels of the better teacher", String.valueOf(plan.extra()));
        all.put("pool", String.valueOf(plan.pool()));
        all.put("questions by round", plan.budgets().toString());
        all.put("teacher", plan.teacher() + ", " + TEACHER_EPOCHS + " epochs");
        all.put("student", plan.student() + ", " + plan.epochs() + " epochs a round, new weights each");
        all.put("training", "AdamW " + RATE + ", weight decay " + WEIGHT_DECAY + ", cosine, batch " + BATCH);
        return all;
    }

    @Override
    public List<Cell> cells() {
        return plan.cells();
    }

    @Override
    public int seeds() {
        return plan.seeds();
    }

    private static Training training(int epochs) {
        return Training.defaults()
                .withEpochs(epochs)
                .withBatchSize(BATCH, 1)
                .withOptimizer(
                        new OptimizerChoice.OfAdamW(Adam.Config.of(RATE).withWeightDecay(WEIGHT_DECAY)),
                        new ScheduleChoice.Cosine(0, 0))
                .withEvery(0, 0);
    }

    private static DistillationMethod method(String name) {
        return switch (name) {
            case RadPlan.SOFT -> new SoftLabels();
            case "slam" -> new Slam();
            case "weighted" -> new WeightedDistillation();
            default -> throw new IllegalArgumentException("rad: expected a method, got '" + name + "'");
        };
    }

    @Override
    public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
        RadData parts = RadData.of(data, plan, seed);
        ModelSpec student = ModelSpec.parse(plan.student());
        RadTeachers teachers = new RadTeachers(plan, training(TEACHER_EPOCHS));
        Watch watch = new Watch(run);
        ActiveResult result = ActiveDistillation.with(
                        teachers.of(cell.get("teacher"), parts, seed, run),
                        rng -> student.create(parts.shape(), parts.classes(), rng))
                .labelled(parts.labelled())
                .pool(parts.pool())
                .validation(parts.validation())
                .test(parts.test())
                .selector(Selectors.of(cell.get("selector")))
                .method(method(cell.get("method")))
                .embedding(student.last())
                .budgets(plan.budgets().stream().mapToInt(Integer::intValue).toArray())
                .training(training(plan.epochs())
                        .withTransforms(parts.normalize(), parts.normalize())
                        .withSeed(seed))
                .price(Price.perRow("1", "labels"))
                .listener(watch)
                .folder(run.scratch())
                .fit();
        return metrics(result, parts);
    }

    private static Map<String, Double> metrics(ActiveResult result, RadData parts) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("accuracy", result.accuracies().getLast());
        int wrong = 0;
        for (Round round : result.rounds()) {
            Selection chosen = round.chosen();
            int asked = round.bill().pool();
            metrics.put("accuracy_" + asked, round.accuracy());
            if (chosen != null) {
                wrong +=
                        wrongLabels(chosen, Confidence.ofLogits(Objects.requireNonNull(round.answers())), parts.pool());
                metrics.put("wrong_share_" + asked, (double) wrong / asked);
            }
        }
        int asked = result.bill().pool();
        metrics.put("wrong_share", (double) wrong / asked);
        metrics.put("worst_case", worstCase(result, parts.pool()));
        metrics.put("teacher_accuracy", result.teacherAccuracy());
        metrics.put("cost_of_a_right_label", (double) asked / Math.max(1, asked - wrong));
        metrics.put("bill", result.bill().amount().doubleValue());
        return metrics;
    }

    private static int wrongLabels(Selection chosen, Confidence said, Dataset pool) {
        int wrong = 0;
        int row = 0;
        for (int index : chosen.indices()) {
            wrong += said.top(row++) != pool.label(index) ? 1 : 0;
        }
        return wrong;
    }

    /// What the first choice is certain to earn, as a share of the best that any choice is: all selectors
    /// have the same student then.
    private static double worstCase(ActiveResult result, Dataset pool) {
        double[] gains = Uncertainty.MARGIN.of(
                Confidence.ofLogits(result.rounds().getFirst().student().logits(pool)));
        double wrong = TeacherErrors.rounded(result.teacherAccuracy(), gains.length);
        Selection first = Objects.requireNonNull(result.rounds().get(1).chosen());
        double best = RobustGame.solve(gains, wrong, first.size(), 0).value();
        return first.worstCase(gains, wrong, 0) / best;
    }

    @Override
    public void report(Grid results, Document document) {
        new RadReport(plan, results, document).write();
    }

    /// Tells of rounds, and passes on the wish to stop.
    private record Watch(CellRun run) implements ActiveListener {
        @Override
        public void started(String method, String stage, long step, long steps) {
            run.started(method, stage, step, steps);
        }

        @Override
        public void step(long step, int samples, double loss) {
            run.step(step, samples, loss);
        }

        @Override
        public void epoch(EpochReport report) {
            run.epoch(report);
        }

        @Override
        public boolean stopRequested() {
            return run.stopRequested();
        }
    }
}
