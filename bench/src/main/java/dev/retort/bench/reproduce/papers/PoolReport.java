package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Outcome;
import dev.retort.bench.reproduce.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Sections that the reports of several experiments have.
final class PoolReport {
    private static final String ACCURACY = "accuracy";

    private PoolReport() {}

    /// What a cell is called in a table: its method and what is unusual about it.
    static String label(Cell cell) {
        StringBuilder label = new StringBuilder(cell.factors().getOrDefault("method", ""));
        for (Map.Entry<String, String> factor : cell.factors().entrySet()) {
            if (!List.of("part", "labels", "method", "noise").contains(factor.getKey())) {
                label.append(", ").append(factor.getKey()).append(' ').append(factor.getValue());
            }
        }
        return label.toString();
    }

    /// The cells of a part, after the cell of part `size` with the plain method and the same labelled images.
    static List<Cell> withBaseline(Grid results, String part, String plain) {
        List<Cell> own = results.cells(cell -> cell.is("part", part));
        List<Cell> all = new ArrayList<>();
        if (!own.isEmpty()) {
            String labels = own.getFirst().get("labels");
            all.addAll(results.cells(
                    cell -> cell.is("part", "size") && cell.is("labels", labels) && cell.is("method", plain)));
        }
        all.addAll(own);
        return all;
    }

    /// The cells of a part together with all cells of part `size` with the same labelled samples, the plain method
    /// first.
    static List<Cell> withRivals(Grid results, String part, String plain) {
        List<Cell> own = results.cells(cell -> cell.is("part", part));
        if (own.isEmpty()) {
            return own;
        }
        String labels = own.getFirst().get("labels");
        List<Cell> all = withBaseline(results, part, plain);
        all.addAll(results.cells(
                cell -> cell.is("part", "size") && cell.is("labels", labels) && !cell.is("method", plain)));
        return all;
    }

    /// Accuracy over labelled-set size: table, plot, differences, verdicts.
    static void bySize(Document document, Grid results, String method, String baseline) {
        List<Cell> cells = results.cells(cell -> cell.is("part", "size"));
        document.heading("Accuracy over the number of labelled samples");
        Tables.shares(document, results, "method", cells, "labels", ACCURACY);
        Tables.plot(
                document,
                "by-size",
                results,
                cells,
                "labels",
                "method",
                ACCURACY,
                "Accuracy on the test samples; bands are 95 % intervals over the seeds.");
        differences(document, results, cells, "labels", baseline);
        for (String labels : results.values("labels")) {
            List<Cell> own =
                    cells.stream().filter(cell -> cell.is("labels", labels)).toList();
            if (!own.isEmpty()) {
                document.paragraph("With " + labels + " labelled samples: " + teacher(results, own)
                        + Tables.verdict(results, own, ACCURACY, PoolReport::label));
            }
        }
    }

    private static String teacher(Grid results, List<Cell> cells) {
        for (Cell cell : cells) {
            List<Double> known = results.metric(cell, "teacher_accuracy");
            if (!known.isEmpty()) {
                return "the teacher has " + Tables.share(known) + ". ";
            }
        }
        return "";
    }

    /// Accuracy over the error rate of a synthetic teacher.
    static void byNoise(Document document, Grid results, String baseline) {
        List<Cell> cells = results.cells(cell -> cell.is("part", "noise"));
        if (cells.isEmpty()) {
            return;
        }
        document.heading("A teacher whose noise is known");
        document.paragraph(
                "A synthetic teacher errs at the given rate, the more often the smaller its margin; the truth"
                        + " is among its " + PoolExperiment.SHORT_LIST + " most probable classes. "
                        + cells.getFirst().get("labels")
                        + " samples have true labels.");
        Tables.shares(document, results, "method", cells, "noise", ACCURACY);
        differences(document, results, cells, "noise", baseline);
        for (String rate : results.values("noise")) {
            List<Cell> own =
                    cells.stream().filter(cell -> cell.is("noise", rate)).toList();
            document.paragraph("Error rate " + rate + ": " + Tables.verdict(results, own, ACCURACY, PoolReport::label));
        }
    }

    /// Differences to the baseline with the same value of a factor.
    private static void differences(Document document, Grid results, List<Cell> cells, String factor, String baseline) {
        List<String> columns =
                cells.stream().map(cell -> cell.get(factor)).distinct().toList();
        List<String> header = new ArrayList<>(List.of("points against " + baseline));
        columns.forEach(column -> header.add(factor + " " + column));
        List<List<String>> rows = new ArrayList<>();
        for (String method :
                cells.stream().map(cell -> cell.get("method")).distinct().toList()) {
            if (method.equals(baseline)) {
                continue;
            }
            List<String> row = new ArrayList<>(List.of(method));
            for (String column : columns) {
                row.add(difference(results, cells, factor, column, method, baseline));
            }
            rows.add(row);
        }
        document.table(header, rows, -1);
    }

    private static String difference(
            Grid results, List<Cell> cells, String factor, String value, String method, String baseline) {
        List<Cell> own = cells.stream().filter(cell -> cell.is(factor, value)).toList();
        Cell one = own.stream()
                .filter(cell -> cell.is("method", method))
                .findFirst()
                .orElse(null);
        Cell other = own.stream()
                .filter(cell -> cell.is("method", baseline))
                .findFirst()
                .orElse(null);
        return one == null || other == null ? "" : Tables.points(results.paired(one, other, ACCURACY));
    }

    /// One row a cell, by its label, against the first one, with the seconds that a run took.
    static void named(Document document, Grid results, List<Cell> cells, String metric) {
        if (cells.isEmpty()) {
            return;
        }
        Cell first = cells.getFirst();
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            double seconds = Statistics.mean(results.outcomes(cell).values().stream()
                    .map(Outcome::seconds)
                    .toList());
            rows.add(List.of(
                    label(cell),
                    Tables.share(results.metric(cell, metric)),
                    cell.equals(first) ? "" : Tables.points(results.paired(cell, first, metric)),
                    Double.isNaN(seconds) ? "" : String.format(Locale.ROOT, "%.1f", seconds)));
        }
        Cell best = results.best(cells, metric);
        document.table(
                List.of("method", metric.replace('_', ' '), "points against " + label(first), "seconds a run"),
                rows,
                best == null ? -1 : cells.indexOf(best));
    }
}
