package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import java.util.ArrayList;
import java.util.List;

/// Time and memory of a training step against the plain model's.
final class CostReport {
    private static final int DECIMALS = 3;

    private final Grid grid;
    private final List<Cell> cells;

    CostReport(Grid grid, List<Cell> cells) {
        this.grid = grid;
        this.cells = cells;
    }

    void write(Document document) {
        document.heading("Cost of a training step, plain = 1");
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            Paper paper = Paper.of(cell.get("model"));
            rows.add(List.of(
                    cell.get("model"),
                    ratio(cell, "language_step_ratio"),
                    ratio(cell, "language_memory_ratio"),
                    ratio(cell, "vision_step_ratio"),
                    ratio(cell, "vision_memory_ratio"),
                    paper == null ? "" : Cells.number(paper.step() / Paper.PLAIN.step(), DECIMALS),
                    paper == null ? "" : Cells.number(paper.memory() / Paper.PLAIN.memory(), DECIMALS)));
        }
        document.table(
                List.of(
                        "model",
                        "language: time",
                        "language: memory",
                        "vision: time",
                        "vision: memory",
                        "paper, language: time",
                        "paper, language: memory"),
                rows,
                -1);
        document.paragraph("Time is the median ratio of alternating steps; memory is what a forward pass keeps for the"
                + " backward one, on the heap. The paper's memory is the peak of a device, weights and optimiser"
                + " included.");
    }

    private String ratio(Cell cell, String metric) {
        List<Double> values = grid.metric(cell, metric);
        if (values.size() < 2) {
            return values.isEmpty() ? "" : Cells.number(values.getFirst(), DECIMALS);
        }
        return Cells.number(Statistics.mean(values), DECIMALS) + " ± "
                + Cells.number(Statistics.halfWidth(values), DECIMALS);
    }
}
