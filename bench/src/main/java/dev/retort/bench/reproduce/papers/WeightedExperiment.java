package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Size;
import dev.retort.bench.reproduce.Tables;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.Fidelity;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherOutputs;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Do weights that debias the teacher's loss help, and do they debias it? Weighted distillation against plain
/// distillation over labelled-set size, its estimators where the noise is known, and what it combines with.
final class WeightedExperiment implements Experiment {
    private static final String HARD = "hard";
    private static final List<String> ESTIMATORS = List.of(
            HARD,
            "weighted",
            "weighted:estimator=rate-and-distortion",
            "weighted:estimator=rate-and-mean-ratio",
            "weighted:estimator=pointwise-mean");

    private final PoolExperiment pool;
    private final List<Cell> cells;

    WeightedExperiment(PoolTask task, Size size) {
        pool = new PoolExperiment(task, size, task.scale(size));
        Scale.Labels labels = pool.scale().labels();
        cells = switch (size) {
            case QUICK -> quick(labels);
            case SMALL -> small(labels);
            case FULL -> full(labels);
        };
    }

    private static List<Cell> quick(Scale.Labels labels) {
        List<Cell> cells = new ArrayList<>();
        PoolExperiment.add(cells, "size", List.of(labels.few(), labels.some()), List.of("labels", HARD, "weighted"));
        PoolExperiment.addNoise(
                cells, labels.few(), List.of("0.4"), List.of(HARD, "weighted", "weighted:estimator=pointwise-mean"));
        select(cells, labels.few(), labels.some());
        return cells;
    }

    private List<Cell> small(Scale.Labels labels) {
        List<Cell> cells = new ArrayList<>();
        PoolExperiment.add(cells, "size", List.of(labels.few(), labels.some()), List.of(HARD, "fidelity", "weighted"));
        PoolExperiment.addNoise(cells, labels.few(), List.of("0.4"), ESTIMATORS);
        PoolExperiment.add(
                cells, "sensitivity", List.of(labels.some()), List.of("weighted:k=50", "weighted:feature=entropy"));
        String some = String.valueOf(labels.some());
        cells.add(Cell.of("part", "sensitivity", "labels", some, "method", "weighted", "validation", "50"));
        select(cells, labels.some(), 1000);
        return cells;
    }

    private List<Cell> full(Scale.Labels labels) {
        List<Cell> cells = new ArrayList<>();
        List<Integer> sizes = labels.more();
        PoolExperiment.add(
                cells,
                "size",
                sizes,
                List.of("labels", HARD, "soft", "fidelity", "slam", "weighted", "weighted:labels=soft"));
        PoolExperiment.addNoise(cells, labels.some(), List.of("0.1", "0.2", "0.3", "0.4"), ESTIMATORS);
        PoolExperiment.add(
                cells,
                "sensitivity",
                List.of(labels.some()),
                List.of(
                        "weighted:k=5",
                        "weighted:k=50",
                        "weighted:feature=entropy",
                        "weighted:every=4",
                        "weighted:warmup=5",
                        "weighted:most=inf"));
        String some = String.valueOf(labels.some());
        for (String validation : List.of("50", "150", "500")) {
            cells.add(Cell.of("part", "sensitivity", "labels", some, "method", "weighted", "validation", validation));
        }
        select(cells, labels.some(), 1000);
        for (String student : pool.task().residualStudents()) {
            for (String method : List.of(HARD, "weighted")) {
                cells.add(Cell.of("part", "combination", "labels", some, "method", method, "student", student));
            }
        }
        return cells;
    }

    /// The teacher is asked about a part of the pool only, chosen by a selector.
    private static void select(List<Cell> cells, int labels, int budget) {
        for (String selector : List.of("uniform", "margin", "rad")) {
            for (String method : List.of(HARD, "weighted")) {
                cells.add(Cell.of(
                        "part",
                        "selection",
                        "labels",
                        String.valueOf(labels),
                        "method",
                        method,
                        "selector",
                        selector,
                        "budget",
                        String.valueOf(budget)));
            }
        }
    }

    @Override
    public String name() {
        return pool.experiment("weighted");
    }

    @Override
    public String title() {
        return "Weighted distillation against plain distillation ("
                + pool.task().name() + ")";
    }

    @Override
    public Map<String, String> configuration() {
        return pool.configuration();
    }

    @Override
    public List<Cell> cells() {
        return List.copyOf(cells);
    }

    @Override
    public int seeds() {
        return pool.scale().seeds();
    }

    @Override
    public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
        PoolTrial trial = pool.trial(cell, seed, run);
        if (cell.factors().containsKey("selector")) {
            return new SelectedPool(trial, pool.scale())
                    .run(cell.get("selector"), Integer.parseInt(cell.get("budget")), pool.method(cell), seed);
        }
        boolean known = cell.factors().containsKey("noise");
        Layer network = known ? null : trial.teacher();
        Teacher teacher = network == null ? pool.synthetic(cell, seed) : trial.cached(network);
        DistillationMethod method = pool.method(cell);
        Distilled student = trial.distil(teacher, method, pool.student(cell));
        Map<String, Double> metrics = network == null
                ? new LinkedHashMap<>(
                        Map.of("accuracy", student.predict(pool.task().test()).accuracy()))
                : trial.judge(student, network);
        WeightedDistillation weights =
                method instanceof WeightedDistillation weighted ? weighted : new WeightedDistillation();
        Teacher asked = network == null ? teacher : new LiveTeacher(network);
        metrics.putAll(fidelity(trial.data(), asked, student, weights));
        return metrics;
    }

    /// How close the weighted risk on the pool, whose labels nobody has trained on, is to the clean one: for
    /// the final student, whatever it was trained by.
    private Map<String, Double> fidelity(
            DataSplit data, Teacher teacher, Distilled student, WeightedDistillation method) {
        Dataset held = data.pool();
        Confidence said = Confidence.ofLogits(
                TeacherOutputs.logits(teacher, held, "pool", pool.task().preparation()));
        Confidence judged = Confidence.ofLogits(TeacherOutputs.logits(
                teacher, data.validation(), "held", pool.task().preparation()));
        Predictions own = student.predict(held);
        Predictions onValidation = student.predict(data.validation());
        double[] weights =
                method.weights(judged, onValidation.confidence(), onValidation.labels(), said, own.confidence());
        double[] trueLoss = new double[held.size()];
        double[] teacherLoss = new double[held.size()];
        boolean[] wrong = new boolean[held.size()];
        for (int i = 0; i < trueLoss.length; i++) {
            trueLoss[i] = own.confidence().crossEntropy(i, (int) own.labels()[i]);
            teacherLoss[i] = method.loss(said, own.confidence(), i);
            wrong[i] = said.top(i) != own.labels()[i];
        }
        Fidelity fidelity = Fidelity.of(trueLoss, teacherLoss, wrong, weights);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("clean_risk", fidelity.clean());
        metrics.put("teacher_risk", fidelity.unweighted());
        metrics.put("weighted_risk", fidelity.weighted());
        return metrics;
    }

    @Override
    public void report(Grid results, Document document) {
        PoolReport.bySize(document, results, "weighted", HARD);
        PoolReport.byNoise(document, results, HARD);
        document.heading("Do the weights debias the loss?");
        document.paragraph("Mean cross-entropy of the final student on the pool: against the truth (clean), against the"
                + " teacher's labels, and against these with the weights. Weights are fitted on the validation samples, the"
                + " pool's labels are looked at for this table only.");
        RiskTable.add(document, results);
        document.heading("What it is sensitive to");
        PoolReport.named(document, results, PoolReport.withBaseline(results, "sensitivity", "weighted"), "accuracy");
        document.heading("With a selected part of the pool");
        document.paragraph(
                "The teacher labels a part of the pool only; a student trained on the labelled samples chooses"
                        + " which. RAD is robust active distillation, margin takes the smallest margins.");
        List<Cell> selected = results.cells(cell -> cell.is("part", "selection"));
        PoolReport.named(document, results, selected, "accuracy");
        document.paragraph(Tables.verdict(results, selected, "accuracy", PoolReport::label));
        List<Cell> combined = results.cells(cell -> cell.is("part", "combination"));
        if (!combined.isEmpty()) {
            document.heading("With learned residual connections in the student");
            PoolReport.named(document, results, combined, "accuracy");
        }
    }
}
