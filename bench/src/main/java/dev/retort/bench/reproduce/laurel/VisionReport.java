package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.IntervalChart;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Table 1 and Figure 3 in small.
final class VisionReport {
    private static final String METRIC = "accuracy";
    private static final int DECIMALS = 2;
    private static final double PERCENT = 100;
    private static final String RANKED = "laurel-rw+lr:rank=";

    private final Grid grid;
    private final Cells cells;

    VisionReport(Grid grid, List<Cell> cells) {
        this.grid = grid;
        this.cells = new Cells(grid, cells);
    }

    void write(Document document) {
        document.heading("Vision: test accuracy");
        Cell plain = cells.cell("plain");
        if (plain == null) {
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells.cells()) {
            rows.add(row(cell, plain));
        }
        Cell best = grid.best(cells.cells(), METRIC);
        document.table(
                List.of(
                        "model",
                        "parameters",
                        "added",
                        "test accuracy, %",
                        "against plain, points",
                        "test loss against plain",
                        "share of the extra block's gain",
                        "paper: accuracy, %",
                        "paper: share"),
                rows,
                best == null ? -1 : cells.cells().indexOf(best));
        chart(document, plain);
        List<Cell> others = cells.cells().stream()
                .filter(cell ->
                        !cell.equals(plain) && grid.paired(cell, plain, METRIC).pairs() > 1)
                .toList();
        document.paragraph(Verdict.of(
                others,
                others.stream().map(cell -> grid.paired(cell, plain, METRIC)).toList(),
                true));
        ranks(document);
    }

    private List<String> row(Cell cell, Cell plain) {
        String model = cell.get("model");
        Paper paper = Paper.of(model);
        Paper deeper = Paper.of(Task.DEEPER);
        boolean itself = cell.equals(plain);
        String share = paper == null || deeper == null || itself || model.equals(Task.DEEPER)
                ? ""
                : Cells.papersShare(paper.accuracy(), Paper.PLAIN.accuracy(), deeper.accuracy());
        List<Double> percent =
                grid.metric(cell, METRIC).stream().map(a -> PERCENT * a).toList();
        return List.of(
                model,
                cells.parameters(cell),
                cells.added(cell),
                Cells.spread(percent, DECIMALS),
                itself ? "" : Cells.difference(grid.paired(cell, plain, METRIC), PERCENT, DECIMALS),
                itself ? "" : Cells.difference(grid.paired(cell, plain, "test_loss"), 1, 4),
                cells.shareOfGain(cell, METRIC),
                paper == null ? "" : Cells.number(paper.accuracy(), DECIMALS),
                share);
    }

    private void chart(Document document, Cell plain) {
        IntervalChart chart = new IntervalChart("test accuracy minus the plain model's, points (right is better)", 0);
        for (Cell cell : cells.cells()) {
            Statistics.Difference d = grid.paired(cell, plain, METRIC);
            if (!cell.equals(plain) && d.pairs() > 0) {
                chart.add(cell.get("model"), PERCENT * d.mean(), PERCENT * d.halfWidth());
            }
        }
        document.plot("vision", chart, "Differences of the test accuracy, paired by seed, with 95 % intervals.");
    }

    /// Accuracy over the rank of RW+LR, beside RW alone.
    private void ranks(Document document) {
        List<Cell> ranked = cells.cells().stream()
                .filter(cell -> cell.get("model").matches("laurel-rw\\+lr:rank=\\d+")
                        && !grid.metric(cell, METRIC).isEmpty())
                .sorted(Comparator.comparingInt(VisionReport::rank))
                .toList();
        if (ranked.size() < 2) {
            return;
        }
        document.heading("Vision: the rank of RW+LR");
        LineChart chart = new LineChart("rank", "test accuracy, %").add(series("laurel-rw+lr", ranked, ranked));
        Cell alone = cells.cell("laurel-rw");
        if (alone != null && !grid.metric(alone, METRIC).isEmpty()) {
            chart.add(series("laurel-rw", ranked, List.of(alone)));
        }
        document.plot(
                "ranks",
                chart,
                "Mean accuracy and 95 % interval over the rank. The paper's Figure 3 (ranks 4 to 64 on ResNet-50) rises to"
                        + " a best rank of 16 to 32 and falls beyond, staying above RW.");
    }

    private static int rank(Cell cell) {
        return Integer.parseInt(cell.get("model").substring(RANKED.length()));
    }

    /// One value a rank, or the same at each.
    private LineChart.Series series(String name, List<Cell> ranked, List<Cell> values) {
        double[] x = ranked.stream().mapToDouble(VisionReport::rank).toArray();
        double[] y = new double[x.length];
        double[] half = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            List<Double> own = grid.metric(values.size() == 1 ? values.getFirst() : values.get(i), METRIC);
            y[i] = PERCENT * Statistics.mean(own);
            half[i] = own.size() < 2 ? 0 : PERCENT * Statistics.halfWidth(own);
        }
        return new LineChart.Series(name, x, y, half);
    }
}
