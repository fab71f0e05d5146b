package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Everything that one run found.
///
/// @param rows     measured rows, in the order of measurement
/// @param skipped  rows that were not measured
/// @param ceilings what the machine can do, by thread count
/// @param facts    machine, versions, settings and time, by name
public record Comparison(
        List<Measurement> rows, List<Skipped> skipped, List<Ceiling> ceilings, Map<String, Object> facts) {
    /// A comparison without rows yet.
    public Comparison() {
        this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new LinkedHashMap<>());
    }

    /// The geometric mean of the ratios of a group's rows on `threads` threads; NaN if there are none.
    double geometricMean(String group, int threads) {
        return Math.exp(rows.stream()
                .filter(row -> row.group().equals(group) && row.threads() == threads)
                .mapToDouble(row -> Math.log(row.ratio()))
                .average()
                .orElse(Double.NaN));
    }
}
