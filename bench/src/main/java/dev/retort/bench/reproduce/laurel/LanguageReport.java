package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.IntervalChart;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import java.util.ArrayList;
import java.util.List;

/// Table 5 in small.
final class LanguageReport {
    private static final String METRIC = "validation_loss";
    private static final int DECIMALS = 4;

    private final Grid grid;
    private final Cells cells;

    LanguageReport(Grid grid, List<Cell> cells) {
        this.grid = grid;
        this.cells = new Cells(grid, cells);
    }

    void write(Document document) {
        document.heading("Language: validation loss at equal tokens");
        Cell plain = cells.cell("plain");
        if (plain == null) {
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        int best = -1;
        for (Cell cell : cells.cells()) {
            rows.add(row(cell, plain));
            boolean lower = best < 0 || loss(cell) < loss(cells.cells().get(best));
            best = Double.isFinite(loss(cell)) && lower ? rows.size() - 1 : best;
        }
        document.table(
                List.of(
                        "model",
                        "parameters",
                        "added",
                        "validation loss, nats a character",
                        "against plain",
                        "share of the extra layer's gain",
                        "paper: against plain",
                        "paper: share"),
                rows,
                best);
        chart(document, plain);
        document.paragraph(words(plain));
    }

    private double loss(Cell cell) {
        return Statistics.mean(grid.metric(cell, METRIC));
    }

    private List<String> row(Cell cell, Cell plain) {
        String model = cell.get("model");
        Paper paper = Paper.of(model);
        Paper deeper = Paper.of(Task.DEEPER);
        boolean itself = cell.equals(plain);
        String share = paper == null || deeper == null || itself || model.equals(Task.DEEPER)
                ? ""
                : Cells.papersShare(paper.loss(), Paper.PLAIN.loss(), deeper.loss());
        return List.of(
                model,
                cells.parameters(cell),
                cells.added(cell),
                Cells.spread(grid.metric(cell, METRIC), DECIMALS),
                itself ? "" : Cells.difference(grid.paired(cell, plain, METRIC), 1, DECIMALS),
                cells.shareOfGain(cell, METRIC),
                paper == null || itself ? "" : Cells.signed(paper.loss() - Paper.PLAIN.loss(), DECIMALS),
                share);
    }

    private void chart(Document document, Cell plain) {
        IntervalChart chart = new IntervalChart("validation loss minus the plain model's (left is better)", 0);
        for (Cell cell : cells.cells()) {
            Statistics.Difference d = grid.paired(cell, plain, METRIC);
            if (!cell.equals(plain) && d.pairs() > 0) {
                chart.add(cell.get("model"), d.mean(), d.halfWidth());
            }
        }
        document.plot("language", chart, "Differences of the validation loss, paired by seed, with 95 % intervals.");
    }

    private String words(Cell plain) {
        List<Cell> others = cells.cells().stream()
                .filter(cell ->
                        !cell.equals(plain) && grid.paired(cell, plain, METRIC).pairs() > 1)
                .toList();
        List<Statistics.Difference> differences =
                others.stream().map(cell -> grid.paired(cell, plain, METRIC)).toList();
        return Verdict.of(others, differences, false);
    }
}
