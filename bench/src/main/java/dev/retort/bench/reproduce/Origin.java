package dev.retort.bench.reproduce;

import dev.retort.bench.info.Provenance;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// With what runs were computed. It is kept with each run, since the one who collects the tables may use
/// another build, machine or number of threads.
final class Origin {
    private static final String UNKNOWN = "not noted";

    private Origin() {}

    /// This process.
    static Map<String, String> here() throws IOException {
        Map<String, String> origin = new LinkedHashMap<>();
        Provenance.here().forEach((name, value) -> origin.put(name, value.toString()));
        return origin;
    }

    /// All finished runs: for each name the different values, with a semicolon between them.
    static Map<String, String> of(Grid grid) throws IOException {
        Map<String, Set<String>> values = new LinkedHashMap<>();
        for (String name : Provenance.here().keySet()) {
            values.put(name, new LinkedHashSet<>());
        }
        for (Cell cell : grid.cells()) {
            for (Outcome outcome : grid.outcomes(cell).values()) {
                values.forEach((name, found) -> found.add(outcome.origin().getOrDefault(name, UNKNOWN)));
            }
        }
        Map<String, String> joined = new LinkedHashMap<>();
        values.forEach((name, found) -> joined.put(name, String.join("; ", found)));
        return joined;
    }
}
