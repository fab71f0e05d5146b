package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Size;
import dev.retort.bench.reproduce.Tables;
import dev.retort.distill.theory.HalfspaceLearning;
import dev.retort.distill.theory.HalfspaceRule;
import dev.retort.distill.theory.MarginHalfspace;
import dev.retort.tensor.Rng;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Does label mixing learn margin halfspaces under random classification noise within its bound? Next to the
/// perceptron, logistic regression and forward correction.
final class TheoryExperiment implements Experiment {
    private static final int DIMENSION = 20;
    private static final int HELD_OUT = 1000;
    private static final int FRESH = 2000;
    private static final String ERROR = "mean_error";

    private final Size size;

    TheoryExperiment(Size size) {
        this.size = size;
    }

    @Override
    public String name() {
        return "theory";
    }

    @Override
    public String title() {
        return "Margin halfspaces under random classification noise";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("size", size.toString());
        words.put("dimension", String.valueOf(DIMENSION));
        words.put("held-out points", String.valueOf(HELD_OUT));
        return words;
    }

    @Override
    public List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        List<String> steps = size == Size.QUICK
                ? List.of("500", "2000", "8000")
                : size == Size.SMALL
                        ? List.of("500", "2000", "8000", "32000")
                        : List.of("500", "2000", "8000", "32000", "128000");
        for (String margin : size == Size.QUICK ? List.of("0.2") : List.of("0.1", "0.2")) {
            for (String noise : List.of("0.1", "0.4")) {
                for (String count : steps) {
                    for (HalfspaceRule rule : HalfspaceRule.values()) {
                        cells.add(Cell.of("margin", margin, "noise", noise, "samples", count, "rule", word(rule)));
                    }
                }
            }
        }
        return cells;
    }

    private static String word(HalfspaceRule rule) {
        return rule.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public int seeds() {
        return size == Size.QUICK ? 5 : 10;
    }

    @Override
    public Map<String, Double> run(Cell cell, long seed, CellRun run) {
        HalfspaceRule rule = HalfspaceRule.valueOf(cell.get("rule").toUpperCase(Locale.ROOT));
        double margin = Double.parseDouble(cell.get("margin"));
        double noise = Double.parseDouble(cell.get("noise"));
        int steps = Integer.parseInt(cell.get("samples"));
        MarginHalfspace halfspace = MarginHalfspace.random(DIMENSION, margin, noise, new Rng(seed).fork(1));
        HalfspaceLearning.Result result =
                new HalfspaceLearning(rule, steps).run(halfspace, HELD_OUT, FRESH, new Rng(seed).fork(2));
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(ERROR, result.meanError());
        metrics.put("chosen_error", result.error());
        return metrics;
    }

    @Override
    public void report(Grid results, Document document) {
        document.paragraph(
                "Points on the unit sphere of 20 dimensions with a margin; labels flipped at the given rate. One"
                        + " fresh sample a step. The bound is that of label mixing with a threshold student (slam) on the mean"
                        + " error of its iterates; it is not meant for the other rules.");
        for (String margin : results.values("margin")) {
            for (String noise : results.values("noise")) {
                List<Cell> cells = results.cells(cell -> cell.is("margin", margin) && cell.is("noise", noise));
                document.heading("Margin " + margin + ", noise " + noise);
                document.paragraph("Mean error of the iterates; the bound stands below.");
                table(document, results, cells, ERROR, true);
                document.paragraph(
                        "Error of the iterate that agrees best with " + HELD_OUT + " held-out noisy labels.");
                table(document, results, cells, "chosen_error", false);
                plot(document, results, cells, margin, noise);
            }
        }
    }

    private static double bound(Cell cell) {
        return HalfspaceLearning.bound(
                Double.parseDouble(cell.get("margin")),
                Double.parseDouble(cell.get("noise")),
                Integer.parseInt(cell.get("samples")));
    }

    private static void table(Document document, Grid results, List<Cell> cells, String metric, boolean withBound) {
        List<String> samples =
                cells.stream().map(cell -> cell.get("samples")).distinct().toList();
        List<String> header = new ArrayList<>(List.of("rule"));
        samples.forEach(count -> header.add(count + " samples"));
        List<List<String>> rows = new ArrayList<>();
        for (String rule :
                cells.stream().map(cell -> cell.get("rule")).distinct().toList()) {
            List<String> row = new ArrayList<>(List.of(rule));
            for (Cell cell : cells) {
                if (cell.is("rule", rule)) {
                    row.add(Tables.share(results.metric(cell, metric)));
                }
            }
            rows.add(row);
        }
        if (withBound) {
            List<String> row = new ArrayList<>(List.of("bound"));
            for (Cell cell : cells) {
                if (cell.is("rule", word(HalfspaceRule.SLAM))) {
                    row.add(String.format(Locale.ROOT, "%.2f %%", 100 * Math.min(1, bound(cell))));
                }
            }
            rows.add(row);
        }
        document.table(header, rows, -1);
    }

    private static void plot(Document document, Grid results, List<Cell> cells, String margin, String noise) {
        LineChart chart = new LineChart("log10 of the samples", "mean error of the iterates, %");
        for (HalfspaceRule rule : HalfspaceRule.values()) {
            chart.add(series(word(rule), cells, rule, cell -> Statistics.mean(results.metric(cell, ERROR))));
        }
        chart.add(series("bound", cells, HalfspaceRule.SLAM, cell -> Math.min(0.5, bound(cell))));
        document.plot(
                ("halfspace-" + margin + "-" + noise).replace('.', '_'),
                chart,
                "Mean error over the seeds; the bound is cut at 50 %.");
    }

    private static LineChart.Series series(
            String name, List<Cell> cells, HalfspaceRule rule, java.util.function.ToDoubleFunction<Cell> value) {
        List<Cell> own =
                cells.stream().filter(cell -> cell.is("rule", word(rule))).toList();
        return new LineChart.Series(
                name,
                own.stream()
                        .mapToDouble(cell -> Math.log10(Double.parseDouble(cell.get("samples"))))
                        .toArray(),
                own.stream()
                        .mapToDouble(cell -> 100 * value.applyAsDouble(cell))
                        .toArray(),
                new double[0]);
    }
}
