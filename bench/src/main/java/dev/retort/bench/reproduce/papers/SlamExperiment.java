package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Size;
import dev.retort.bench.reproduce.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Does pushing the student's prediction through the teacher's noise help? Student-label mixing against plain
/// distillation and the noisy-label baselines, over labelled-set size and over a known error rate; then what
/// it is sensitive to, and what it combines with.
final class SlamExperiment implements Experiment {
    private static final String HARD = "hard";
    private static final String BASELINES = "baselines";
    private static final String OTHERS = "kd confidence fidelity forward backward taylor gce bootstrap-hard"
            + " bootstrap-soft ups vid noisy-student";
    private final PoolExperiment pool;
    private final List<Cell> cells;

    SlamExperiment(PoolTask task, Size size) {
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
        PoolExperiment.add(
                cells, "size", List.of(labels.few(), labels.some()), List.of("labels", HARD, "soft", "slam"));
        PoolExperiment.addNoise(cells, labels.few(), List.of("0.4"), List.of("labels", HARD, "forward-known", "slam"));
        PoolExperiment.add(cells, "sensitivity", List.of(labels.few()), List.of("slam:bound=0.7"));
        return cells;
    }

    private List<Cell> small(Scale.Labels labels) {
        List<Cell> cells = new ArrayList<>();
        PoolExperiment.add(cells, "size", labels.all(), names("labels hard soft weighted slam"));
        PoolExperiment.addNoise(
                cells,
                labels.few(),
                List.of("0.2", "0.4"),
                names("hard forward-known weighted slam taylor gce bootstrap-soft forward"));
        PoolExperiment.add(cells, BASELINES, List.of(labels.some()), names(OTHERS));
        PoolExperiment.add(
                cells, "sensitivity", List.of(labels.some()), names("slam:bound=0.7 slam:bound=0.9 slam:k=5"));
        combinations(cells, labels.some());
        return cells;
    }

    private List<Cell> full(Scale.Labels labels) {
        List<Cell> cells = new ArrayList<>();
        List<Integer> sizes = labels.more();
        PoolExperiment.add(
                cells,
                "size",
                sizes,
                names("labels hard soft kd confidence taylor gce bootstrap-hard bootstrap-soft forward ups vid"
                        + " noisy-student fidelity weighted slam slam-normalised slam-soft"));
        PoolExperiment.addNoise(
                cells,
                labels.some(),
                List.of("0.1", "0.2", "0.3", "0.4"),
                names(
                        "labels hard soft taylor gce bootstrap-soft forward-known forward weighted slam slam-normalised"));
        PoolExperiment.add(
                cells,
                "sensitivity",
                List.of(labels.many()),
                names(
                        "slam:bound=0.6 slam:bound=0.7 slam:bound=0.8 slam:bound=0.9 slam:k=2 slam:k=3 slam:k=5"
                                + " slam:adaptive=true slam:listed=0.8 slam:listed=0.95 slam:cap=true slam:prediction=step slam:rounds=2"));
        combinations(cells, labels.many());
        return cells;
    }

    private static List<String> names(String text) {
        return List.of(text.split(" "));
    }

    /// Validation sizes, rounds, and students with learned residual connections.
    private void combinations(List<Cell> cells, int labels) {
        String count = String.valueOf(labels);
        cells.add(Cell.of("part", "sensitivity", "labels", count, "method", "slam", "validation", "50"));
        PoolExperiment.add(cells, "combination", List.of(labels), List.of("slam:validation=true"));
        for (String student : pool.task().residualStudents()) {
            for (String method : List.of(HARD, "slam")) {
                cells.add(Cell.of("part", "combination", "labels", count, "method", method, "student", student));
            }
        }
    }

    @Override
    public String name() {
        return pool.experiment("slam");
    }

    @Override
    public String title() {
        return "Student-label mixing against plain distillation (" + pool.task().name() + ")";
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
        return pool.run(cell, seed, run);
    }

    @Override
    public void report(Grid results, Document document) {
        PoolReport.bySize(document, results, "slam", HARD);
        PoolReport.byNoise(document, results, HARD);
        List<Cell> rivals = PoolReport.withRivals(results, BASELINES, HARD);
        if (!rivals.isEmpty()) {
            document.heading("All baselines");
            document.paragraph("With " + rivals.getFirst().get("labels")
                    + " labelled samples, against hard labels, every method with its defaults.");
            PoolReport.named(document, results, rivals, "accuracy");
            document.paragraph(Tables.verdict(results, rivals, "accuracy", PoolReport::label));
        }
        List<Cell> sensitivity = PoolReport.withBaseline(results, "sensitivity", "slam");
        document.heading("What SLaM is sensitive to");
        document.paragraph(
                "All with the same labelled samples; the baseline is SLaM with its defaults (bound 0.5, one k"
                        + " for top-k accuracy of 0.9). Where a row says validation, so many samples judge the teacher instead.");
        PoolReport.named(document, results, sensitivity, "accuracy");
        List<Cell> combined = PoolReport.withBaseline(results, "combination", "slam");
        if (combined.isEmpty()) {
            return;
        }
        document.heading("Combinations, and what they cost");
        PoolReport.named(document, results, combined, "accuracy");
        document.paragraph(Tables.verdict(results, combined, "accuracy", PoolReport::label));
    }
}
