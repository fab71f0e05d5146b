package dev.retort.bench.reproduce;

import dev.retort.bench.report.Csv;
import dev.retort.bench.report.Statistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A grid as JSON and CSV.
final class GridFiles {
    private GridFiles() {}

    /// Every cell with its metrics a seed, means, standard deviations and half widths of the 95 %
    /// intervals.
    static Map<String, Object> json(Experiment experiment, Grid grid, Map<String, String> provenance) {
        Map<String, Object> root = new LinkedHashMap<>();
        root.put("experiment", experiment.name());
        root.put("title", experiment.title());
        root.put("runs", grid.finished());
        root.put("planned", grid.planned());
        List<Map<String, Object>> cells = new ArrayList<>();
        for (Cell cell : grid.cells()) {
            Map<String, Object> own = new LinkedHashMap<>();
            own.put("cell", cell.factors());
            own.put("seeds", grid.outcomes(cell).keySet());
            Map<String, Object> metrics = new LinkedHashMap<>();
            for (String name : names(grid, List.of(cell))) {
                metrics.put(name, summary(grid.metric(cell, name)));
            }
            own.put("metrics", metrics);
            own.put(
                    "seconds",
                    grid.outcomes(cell).values().stream().map(Outcome::seconds).toList());
            cells.add(own);
        }
        root.put("cells", cells);
        root.put("provenance", provenance);
        return root;
    }

    private static Map<String, Object> summary(List<Double> values) {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("mean", Statistics.mean(values));
        if (values.size() > 1) {
            summary.put("sd", Statistics.sd(values));
            summary.put("half_width_95", Statistics.halfWidth(values));
        }
        summary.put("values", values);
        return summary;
    }

    private static Set<String> names(Grid grid, List<Cell> cells) {
        Set<String> names = new LinkedHashSet<>();
        cells.forEach(cell -> grid.outcomes(cell)
                .values()
                .forEach(outcome -> names.addAll(outcome.metrics().keySet())));
        return names;
    }

    /// One row a run: factors, seed, metrics, seconds.
    static String csv(Grid grid) {
        Set<String> factors = new LinkedHashSet<>();
        grid.cells().forEach(cell -> factors.addAll(cell.factors().keySet()));
        Set<String> metrics = names(grid, grid.cells());
        List<String> header = new ArrayList<>(factors);
        header.add("seed");
        header.addAll(metrics);
        header.add("seconds");
        Csv file = new Csv(header);
        for (Cell cell : grid.cells()) {
            grid.outcomes(cell).forEach((seed, outcome) -> {
                List<String> row = new ArrayList<>();
                factors.forEach(factor -> row.add(cell.factors().getOrDefault(factor, "")));
                row.add(Long.toString(seed));
                metrics.forEach(name -> {
                    Double value = outcome.metrics().get(name);
                    row.add(value == null ? "" : value.toString());
                });
                row.add(Double.toString(outcome.seconds()));
                file.row(row.toArray());
            });
        }
        return file.toString();
    }
}
