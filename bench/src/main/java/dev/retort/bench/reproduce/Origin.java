package dev.retort.bench.reproduce;

import dev.retort.bench.Version;
import dev.retort.bench.info.Machine;
import dev.retort.tensor.cpu.Parallel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// With what runs were computed. It is kept with each run, since the one who collects the tables may use
/// another build, machine or number of threads.
final class Origin {
    private static final String UNKNOWN = "not noted";

    private Origin() {}

    /// This process.
    static Map<String, String> here() throws IOException {
        Machine machine = Machine.here();
        Map<String, String> origin = new LinkedHashMap<>();
        origin.put("threads", String.valueOf(Parallel.threads()));
        origin.put("retort", Version.number());
        origin.put("java", machine.java());
        origin.put("processor", machine.processor());
        return origin;
    }

    /// All finished runs: for each name the different values, with a semicolon between them.
    static Map<String, String> of(Grid grid) {
        Map<String, Set<String>> values = new LinkedHashMap<>();
        for (String name : List.of("threads", "retort", "java", "processor")) {
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
