package dev.retort.bench.reproduce;

import dev.retort.bench.CommandException;
import dev.retort.bench.FolderLock;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The folder of an experiment: `experiment.json` says what it is, `cells/` has one file a finished run,
/// `scratch/` the checkpoints of the run that is going on, `shared/` what several runs use.
///
/// @param folder of the experiment
record CellFiles(Path folder) {
    private static final String FORMAT = "retort experiment 1";

    /// Opens or makes the folder for a configuration.
    ///
    /// @throws CommandException if it holds something else; the message says what differs
    static CellFiles open(Path folder, String experiment, Map<String, String> configuration) throws IOException {
        Path file = folder.resolve("experiment.json");
        Map<String, Object> mine = new LinkedHashMap<>();
        mine.put("format", FORMAT);
        mine.put("experiment", experiment);
        mine.put("configuration", configuration);
        if (Files.exists(file)) {
            requireSame(file, mine);
        } else if (Files.exists(folder) && !isEmpty(folder)) {
            throw new CommandException(folder + " exists and holds no experiment; choose another --folder");
        } else {
            write(file, json(mine));
        }
        return new CellFiles(folder);
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            // The lock of this process is there already.
            return files.allMatch(file -> file.endsWith(FolderLock.FILE));
        }
    }

    private static void requireSame(Path file, Map<String, Object> mine) throws IOException {
        JsonNode found = read(file);
        JsonNode wanted = JsonMapper.shared().valueToTree(mine);
        if (found.equals(wanted)) {
            return;
        }
        StringBuilder words = new StringBuilder();
        for (Map.Entry<String, JsonNode> entry : wanted.get("configuration").properties()) {
            JsonNode other = found.path("configuration").path(entry.getKey());
            if (!other.equals(entry.getValue())) {
                words.append("; ").append(entry.getKey()).append(": expected ").append(entry.getValue());
                words.append(", found ").append(other.isMissingNode() ? "nothing" : other);
            }
        }
        throw new CommandException(file.getParent() + " holds results of another configuration of '"
                + found.path("experiment").asString("an unknown experiment") + "'" + words
                + "; choose another --folder");
    }

    private Path file(Cell cell, long seed) {
        return folder.resolve("cells").resolve(cell.fileName() + "_seed-" + seed + ".json");
    }

    /// The outcome of a finished run, or null.
    ///
    /// @throws CommandException if its file is damaged
    @Nullable
    Outcome finished(Cell cell, long seed) throws IOException {
        Path file = file(cell, seed);
        if (!Files.exists(file)) {
            return null;
        }
        JsonNode node = read(file);
        if (!node.path("cell").equals(JsonMapper.shared().valueToTree(cell.factors()))
                || node.path("seed").asLong(-1) != seed
                || !node.path("metrics").isObject()) {
            throw new CommandException(file + ": expected the outcome of " + cell + " seed " + seed
                    + ", it says something else; delete it to run that again");
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        node.get("metrics")
                .properties()
                .forEach(m -> metrics.put(m.getKey(), m.getValue().asDouble()));
        Map<String, String> origin = new LinkedHashMap<>();
        node.path("origin")
                .properties()
                .forEach(o -> origin.put(o.getKey(), o.getValue().asString("")));
        return new Outcome(metrics, node.path("seconds").asDouble(0), origin);
    }

    /// Keeps the outcome of a run, and deletes its checkpoints.
    void finish(Cell cell, long seed, Outcome outcome) throws IOException {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("cell", cell.factors());
        content.put("seed", seed);
        content.put("metrics", outcome.metrics());
        content.put("seconds", outcome.seconds());
        content.put("origin", outcome.origin());
        write(file(cell, seed), json(content));
        delete(scratch(cell, seed));
    }

    /// The folder for checkpoints of one run.
    Path scratch(Cell cell, long seed) {
        return folder.resolve("scratch").resolve(cell.fileName() + "_seed-" + seed);
    }

    /// The folder for what several runs use.
    Path shared() {
        return folder.resolve("shared");
    }

    private static JsonNode read(Path file) throws IOException {
        try {
            return JsonMapper.shared().readTree(Files.readAllBytes(file));
        } catch (JacksonException e) {
            throw new CommandException(file + ": expected JSON, it is damaged; delete it", e);
        }
    }

    static String json(Object value) {
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
    }

    static void write(Path file, String text) throws IOException {
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(folder)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
