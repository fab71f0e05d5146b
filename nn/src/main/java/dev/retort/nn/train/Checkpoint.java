package dev.retort.nn.train;

import dev.retort.nn.Module;
import dev.retort.nn.Stateful;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// The state of a whole training run in one safetensors file, so that a run that was killed goes on with
/// the same bits.
///
/// ```java
/// Checkpoint checkpoint = new Checkpoint(folder.resolve("run.safetensors"))
///         .with("model", model).with("optimizer", optimizer).with("schedule", schedule).with("loader", loader);
/// checkpoint.load();                      // goes on where a previous process stopped, if there was one
/// … checkpoint.save(Map.of("accuracy", 0.91));
/// ```
///
/// Tensors are named `PART/NAME`. Notes (numbers, strings, lists) are JSON in the file's metadata. A file
/// appears whole or not at all: until the new one is on the disk, the previous one stays.
public final class Checkpoint {
    private static final String FORMAT = "retort checkpoint 1";

    private final Path path;
    private final Map<String, Stateful> parts = new LinkedHashMap<>();

    /// A checkpoint at `path`, still without parts.
    public Checkpoint(Path path) {
        this.path = path;
    }

    /// Where the file is.
    public Path path() {
        return path;
    }

    /// Adds a part; the positions of a module's random generators are added with it.
    ///
    /// @throws IllegalArgumentException if the name is taken or contains a slash
    public Checkpoint with(String name, Stateful part) {
        put(name, part);
        if (part instanceof Module module && !module.namedGenerators().isEmpty()) {
            put(name + "-rng", new GeneratorState(module.namedGenerators()));
        }
        return this;
    }

    /// Adds a random generator that the loop itself draws from.
    public Checkpoint with(String name, Rng rng) {
        put(name, new GeneratorState(Map.of("rng", rng)));
        return this;
    }

    private void put(String name, Stateful part) {
        if (name.isEmpty() || name.contains("/") || parts.putIfAbsent(name, part) != null) {
            throw new IllegalArgumentException("checkpoint: expects new names without slash, got '" + name + "'");
        }
    }

    /// Whether there is a file to load.
    public boolean exists() {
        return Files.exists(path);
    }

    /// Writes the state of all parts and the notes, sorted by name, replacing the file: the same run gives the same
    /// bytes.
    ///
    /// @throws IllegalArgumentException if a note is not JSON: NaN and infinities are not
    /// @throws IOException              if the file cannot be written; the previous one is then unchanged
    public void save(Map<String, ?> notes) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        parts.forEach((part, stateful) ->
                stateful.stateDict().forEach((name, tensor) -> tensors.put(part + "/" + name, tensor)));
        Safetensors.write(
                path,
                tensors,
                Map.of(
                        "format", FORMAT,
                        "parts", Json.of(parts.keySet()).toString(),
                        "notes", Json.of(new TreeMap<>(notes)).toString()));
    }

    /// Restores all parts and returns the notes; empty, with nothing changed, if there is no file.
    ///
    /// @throws FormatException          if the file is damaged or no checkpoint
    /// @throws IllegalArgumentException if the parts are not those that were saved, or do not fit them;
    ///                                  parts may then be restored in part, and should be thrown away
    /// @throws IOException              if the file cannot be read
    public Optional<Json.Obj> load() throws IOException {
        if (!exists()) {
            return Optional.empty();
        }
        Safetensors file = Safetensors.open(path);
        Json.Obj parsed = notes(file);
        Map<String, Map<String, Tensor>> states = split(file);
        for (Map.Entry<String, Stateful> part : parts.entrySet()) {
            try {
                part.getValue().loadStateDict(states.getOrDefault(part.getKey(), Map.of()));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(path + ": part '" + part.getKey() + "': " + e.getMessage(), e);
            }
        }
        return Optional.of(parsed);
    }

    /// The notes alone, with nothing restored; empty if there is no file. To see whose run it is before its parts
    /// are loaded, which may not even fit.
    ///
    /// @throws FormatException if the file is damaged or no checkpoint
    /// @throws IOException     if the file cannot be read
    public Optional<Json.Obj> notes() throws IOException {
        return exists() ? Optional.of(notes(Safetensors.open(path))) : Optional.empty();
    }

    private Json.Obj notes(Safetensors file) throws FormatException {
        String format = file.metadata().getOrDefault("format", "none");
        String notes = file.metadata().get("notes");
        if (!format.equals(FORMAT) || notes == null) {
            throw new FormatException(path + ": expects the format '" + FORMAT + "', got '" + format + "'");
        }
        return json(notes).asObject();
    }

    private Json json(String text) throws FormatException {
        try {
            return Json.parse(text);
        } catch (FormatException e) {
            throw new FormatException(path + ": metadata: " + e.getMessage(), e);
        }
    }

    private Map<String, Map<String, Tensor>> split(Safetensors file) throws IOException {
        Set<String> saved = new LinkedHashSet<>();
        for (Json part : json(file.metadata().getOrDefault("parts", "[]")).asList()) {
            saved.add(part.asText());
        }
        if (!saved.equals(parts.keySet())) {
            throw new IllegalArgumentException(path + ": expects the parts " + parts.keySet() + ", got " + saved);
        }
        Map<String, Map<String, Tensor>> states = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : file.loadAll().entrySet()) {
            int slash = entry.getKey().indexOf('/');
            if (slash < 0) {
                throw new FormatException(path + ": expects tensor names PART/NAME, got '" + entry.getKey() + "'");
            }
            states.computeIfAbsent(entry.getKey().substring(0, slash), unused -> new LinkedHashMap<>())
                    .put(entry.getKey().substring(slash + 1), entry.getValue());
        }
        return states;
    }
}
