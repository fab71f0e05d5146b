package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Document;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Experiment;
import dev.retort.bench.reproduce.Grid;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// LAuReL's experiments in small (Menghani, Kumar and Kumar, ICML 2025, arXiv 2411.07501): Tables 1 and 5,
/// Figure 3, and what the connections cost.
///
/// @param tasks what is run
/// @param seeds if the user asks for no number
record LaurelExperiment(List<Task> tasks, int seeds) implements Experiment {
    @Override
    public String name() {
        return "laurel";
    }

    @Override
    public String title() {
        return "LAuReL and other residual connections, in small";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> all = new LinkedHashMap<>();
        tasks.forEach(task -> all.putAll(task.configuration()));
        return all;
    }

    @Override
    public List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (Task task : tasks) {
            task.models().forEach(model -> cells.add(cell(task.name(), model)));
        }
        return cells;
    }

    static Cell cell(String task, String model) {
        return Cell.of("task", task, "model", model);
    }

    @Override
    public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
        for (Task task : tasks) {
            if (cell.is("task", task.name())) {
                return task.run(cell.get("model"), seed, run);
            }
        }
        throw new IllegalArgumentException("laurel: expected a cell of this experiment, got " + cell);
    }

    @Override
    public void report(Grid results, Document document) {
        for (Task task : tasks) {
            List<Cell> cells = results.cells(cell -> cell.is("task", task.name()));
            switch (task) {
                case LanguageTask _ -> new LanguageReport(results, cells).write(document);
                case VisionTask _ -> new VisionReport(results, cells).write(document);
                case CostTask _ -> new CostReport(results, cells).write(document);
            }
        }
    }
}
