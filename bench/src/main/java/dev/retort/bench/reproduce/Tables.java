package dev.retort.bench.reproduce;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/// The usual tables, plots and sentences about a [Grid]. Shares are shown in per cent.
public final class Tables {
    private static final double ALPHA = 0.05;

    private Tables() {}

    /// A share of several seeds, such as `81.23 ± 0.40 %`: mean and half width of its 95 % interval; one
    /// seed has the mean alone.
    public static String share(List<Double> values) {
        if (values.isEmpty()) {
            return "";
        }
        double mean = 100 * Statistics.mean(values);
        return values.size() < 2
                ? String.format(Locale.ROOT, "%.2f %%", mean)
                : String.format(Locale.ROOT, "%.2f ± %.2f %%", mean, 100 * Statistics.halfWidth(values));
    }

    /// A difference of shares in points, such as `+0.84 ± 0.31 (p 0.004, 5/5)`: mean, half width of the 95 %
    /// interval, p-value of the paired t test, and how many seeds it is positive on.
    public static String points(Statistics.Difference d) {
        if (d.pairs() == 0) {
            return "";
        }
        if (d.pairs() < 2) {
            return String.format(Locale.ROOT, "%+.2f (1 seed)", 100 * d.mean());
        }
        return String.format(
                Locale.ROOT,
                "%+.2f ± %.2f (p %.3f, %d/%d)",
                100 * d.mean(),
                100 * d.halfWidth(),
                d.p(),
                d.wins(),
                d.pairs());
    }

    /// A table with one row a value of `rowFactor` and one column a value of `columnFactor`: shares of the
    /// seeds. The cells come from `cell(row, column)`.
    public static void shares(
            Document document, Grid grid, String rowFactor, List<Cell> cells, String columnFactor, String metric) {
        List<String> rows = distinct(cells, rowFactor);
        List<String> columns = distinct(cells, columnFactor);
        List<String> header = new ArrayList<>(List.of(rowFactor));
        columns.forEach(column -> header.add(columnFactor + " " + column));
        List<List<String>> body = new ArrayList<>();
        for (String row : rows) {
            List<String> line = new ArrayList<>(List.of(row));
            for (String column : columns) {
                line.add(share(cells.stream()
                        .filter(cell -> cell.is(rowFactor, row) && cell.is(columnFactor, column))
                        .findFirst()
                        .map(cell -> grid.metric(cell, metric))
                        .orElse(List.of())));
            }
            body.add(line);
        }
        document.table(header, body, -1);
    }

    private static List<String> distinct(List<Cell> cells, String factor) {
        return cells.stream().map(cell -> cell.get(factor)).distinct().toList();
    }

    /// A table of several metrics: one row a cell, named by its value of `factor`, with the difference to
    /// `baseline` in the first metric as the last column, paired by seed.
    public static void compared(
            Document document, Grid grid, List<Cell> cells, Cell baseline, String factor, List<String> metrics) {
        List<String> header = new ArrayList<>(List.of(factor));
        metrics.forEach(metric -> header.add(metric.replace('_', ' ')));
        header.add("against " + baseline.get(factor) + ", points");
        List<List<String>> body = new ArrayList<>();
        for (Cell cell : cells) {
            List<String> line = new ArrayList<>(List.of(cell.get(factor)));
            metrics.forEach(metric -> line.add(share(grid.metric(cell, metric))));
            line.add(cell.equals(baseline) ? "" : points(grid.paired(cell, baseline, metrics.getFirst())));
            body.add(line);
        }
        Cell best = grid.best(cells, metrics.getFirst());
        document.table(header, body, best == null ? -1 : cells.indexOf(best));
    }

    /// A plot of a share over a factor whose values are numbers, one line a value of `lineFactor`, bands of
    /// the 95 % intervals.
    public static void plot(
            Document document,
            String name,
            Grid grid,
            List<Cell> cells,
            String xFactor,
            String lineFactor,
            String metric,
            String caption) {
        LineChart chart = new LineChart(xFactor, metric.replace('_', ' ') + ", %");
        for (String line : distinct(cells, lineFactor)) {
            List<Cell> own = cells.stream()
                    .filter(cell -> cell.is(lineFactor, line)
                            && !grid.metric(cell, metric).isEmpty())
                    .toList();
            chart.add(new LineChart.Series(
                    line,
                    own.stream()
                            .mapToDouble(cell -> Double.parseDouble(cell.get(xFactor)))
                            .toArray(),
                    own.stream()
                            .mapToDouble(cell -> 100 * Statistics.mean(grid.metric(cell, metric)))
                            .toArray(),
                    own.stream()
                            .mapToDouble(cell -> finite(100 * Statistics.halfWidth(grid.metric(cell, metric))))
                            .toArray()));
        }
        document.plot(name, chart, caption);
    }

    private static double finite(double halfWidth) {
        return Double.isFinite(halfWidth) ? halfWidth : 0;
    }

    /// Plain words: which cell has the highest mean, and against which others that is sure. Several
    /// comparisons are made at once, so p-values are corrected by Holm's method.
    public static String verdict(Grid grid, List<Cell> cells, String metric, Function<Cell, String> name) {
        Cell best = grid.best(cells, metric);
        if (best == null) {
            return "Nothing is finished yet.";
        }
        List<Cell> others = cells.stream()
                .filter(cell -> !cell.equals(best) && !grid.metric(cell, metric).isEmpty())
                .toList();
        List<Statistics.Difference> differences =
                others.stream().map(cell -> grid.paired(best, cell, metric)).toList();
        List<Double> corrected = Statistics.holm(
                differences.stream().map(Statistics.Difference::p).toList());
        List<String> sure = new ArrayList<>();
        List<String> unsure = new ArrayList<>();
        for (int i = 0; i < others.size(); i++) {
            String words = String.format(
                    Locale.ROOT,
                    "%s (%+.2f points)",
                    name.apply(others.get(i)),
                    100 * differences.get(i).mean());
            (corrected.get(i) < ALPHA ? sure : unsure).add(words);
        }
        int seeds = grid.metric(best, metric).size();
        String mean = String.format(
                Locale.ROOT,
                "%s has the highest mean, %s over %d seed%s.",
                name.apply(best),
                share(grid.metric(best, metric)),
                seeds,
                seeds == 1 ? "" : "s");
        return mean
                + against(" That is clear (paired t test, p < 0.05 after Holm's correction) against ", sure)
                + against(" It is within the noise of the seeds against ", unsure);
    }

    private static String against(String words, List<String> others) {
        return others.isEmpty() ? "" : words + String.join(", ", others) + ".";
    }
}
