package dev.retort.bench.reproduce;

import dev.retort.bench.report.Statistics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The outcomes of an experiment, by cell and seed. Some may be missing: runs that are still to be done.
public final class Grid {
    private final Map<Cell, TreeMap<Long, Outcome>> outcomes = new LinkedHashMap<>();
    private final int planned;

    /// An empty grid of cells and a number of seeds.
    Grid(List<Cell> cells, int seeds) {
        cells.forEach(cell -> outcomes.put(cell, new TreeMap<>()));
        planned = cells.size() * seeds;
    }

    void put(Cell cell, long seed, Outcome outcome) {
        TreeMap<Long, Outcome> own = outcomes.get(cell);
        if (own == null) {
            throw new IllegalArgumentException("grid: expected a cell of the experiment, got " + cell);
        }
        own.put(seed, outcome);
    }

    /// Number of runs that the grid has when it is complete.
    public int planned() {
        return planned;
    }

    /// Number of finished runs.
    public int finished() {
        return outcomes.values().stream().mapToInt(Map::size).sum();
    }

    /// All cells, in the experiment's order.
    public List<Cell> cells() {
        return List.copyOf(outcomes.keySet());
    }

    /// The cells with this value of a factor.
    public List<Cell> cells(Predicate<Cell> wanted) {
        return outcomes.keySet().stream().filter(wanted).toList();
    }

    /// The different values of a factor, in the experiment's order; cells without it are left out.
    public List<String> values(String factor) {
        return outcomes.keySet().stream()
                .map(cell -> cell.factors().get(factor))
                .filter(java.util.Objects::nonNull)
                .distinct()
                .toList();
    }

    /// The outcomes of a cell by seed.
    public Map<Long, Outcome> outcomes(Cell cell) {
        return java.util.Collections.unmodifiableMap(outcomes.getOrDefault(cell, new TreeMap<>()));
    }

    /// One metric of a cell, a value a finished seed, in the order of the seeds; empty if the cell has none.
    public List<Double> metric(Cell cell, String metric) {
        return outcomes(cell).values().stream()
                .map(outcome -> outcome.metrics().get(metric))
                .filter(java.util.Objects::nonNull)
                .toList();
    }

    /// One metric of `one` minus that of `other`, over the seeds that both have.
    public Statistics.Difference paired(Cell one, Cell other, String metric) {
        List<Double> a = new ArrayList<>();
        List<Double> b = new ArrayList<>();
        outcomes(one).forEach((seed, outcome) -> {
            Outcome partner = outcomes(other).get(seed);
            Double mine = outcome.metrics().get(metric);
            Double theirs = partner == null ? null : partner.metrics().get(metric);
            if (mine != null && theirs != null) {
                a.add(mine);
                b.add(theirs);
            }
        });
        return Statistics.paired(a, b);
    }

    /// The one of `candidates` with the highest mean of a metric; null if none has a value.
    public @Nullable Cell best(List<Cell> candidates, String metric) {
        Cell best = null;
        double highest = Double.NEGATIVE_INFINITY;
        for (Cell cell : candidates) {
            double mean = Statistics.mean(metric(cell, metric));
            if (mean > highest) {
                highest = mean;
                best = cell;
            }
        }
        return best;
    }
}
