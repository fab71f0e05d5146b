package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.nn.train.Checkpoint;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The files of one run: for each stage a checkpoint while it runs, and one file when it is done.
///
/// Without a folder nothing is read or written.
final class RunFolder {
    private final @Nullable Path folder;
    private final String key;

    /// @param key what the run is; files of another run are refused
    RunFolder(@Nullable Path folder, String key) {
        this.folder = folder;
        this.key = key;
    }

    /// The checkpoint of a running stage, or null without a folder.
    @Nullable
    Path running(int stage) {
        return folder == null ? null : folder.resolve("stage-" + stage + "-running.safetensors");
    }

    private @Nullable Path done(int stage) {
        return folder == null ? null : folder.resolve("stage-" + stage + ".safetensors");
    }

    /// Loads the students of a finished stage and returns its reports; null if the stage is not finished.
    @Nullable
    List<EpochReport> finished(int stage, List<Layer> students) throws IOException {
        Path file = done(stage);
        if (file == null || !Files.exists(file)) {
            return null;
        }
        Json.Obj notes = load(weights(file, students));
        List<EpochReport> reports = new ArrayList<>();
        try {
            for (Json entry : notes.get("reports").asList()) {
                reports.add(report(entry.asObject()));
            }
        } catch (FormatException e) {
            throw new FormatException("distillation: " + file + ": reports: " + e.getMessage(), e);
        }
        return reports;
    }

    /// Restores the checkpoint of a stage that was stopped, if there is one.
    void resume(int stage, StageLoop loop) throws IOException {
        Path file = running(stage);
        if (file != null && Files.exists(file)) {
            load(loop.checkpoint(new Checkpoint(file)));
        }
    }

    void save(int stage, StageLoop loop) throws IOException {
        Path file = running(stage);
        if (file != null) {
            Files.createDirectories(file.getParent());
            loop.checkpoint(new Checkpoint(file)).save(Map.of("run", key));
        }
    }

    /// Writes the result of a stage and removes its checkpoint.
    void finish(int stage, StageLoop loop) throws IOException {
        Path file = done(stage);
        Path checkpoint = running(stage);
        if (file != null && checkpoint != null) {
            Files.createDirectories(file.getParent());
            List<Map<String, Object>> reports =
                    loop.reports().stream().map(RunFolder::notes).toList();
            weights(file, loop.students()).save(Map.of("run", key, "reports", reports));
            AtomicFile.delete(checkpoint);
        }
    }

    private static Checkpoint weights(Path file, List<Layer> students) {
        Checkpoint checkpoint = new Checkpoint(file);
        for (int peer = 0; peer < students.size(); peer++) {
            checkpoint.with("student" + peer, students.get(peer));
        }
        return checkpoint;
    }

    private Json.Obj load(Checkpoint checkpoint) throws IOException {
        Json.Obj parsed = checkpoint.notes().orElseThrow();
        String found = parsed.members().containsKey("run") ? parsed.get("run").asText() : "no run";
        if (!found.equals(key)) {
            throw new IllegalStateException("distillation: " + checkpoint.path() + " holds another run; expected "
                    + without(found, key) + ", got " + without(key, found)
                    + "; go on with the same settings, choose another folder, or delete this one");
        }
        return checkpoint.load().orElseThrow();
    }

    /// The parts of `text` that `other` lacks: what both runs share is long, and tells nothing.
    private static String without(String other, String text) {
        Set<String> common = Set.copyOf(Arrays.asList(other.split("; ")));
        List<String> rest = Arrays.stream(text.split("; "))
                .filter(part -> !common.contains(part))
                .toList();
        return rest.isEmpty() ? text : String.join("; ", rest);
    }

    private static Map<String, Object> notes(EpochReport report) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("stage", report.stage());
        out.put("epoch", report.epoch());
        out.put("step", report.step());
        out.put("loss", report.loss());
        out.put("terms", report.terms());
        if (report.isEvaluated()) {
            out.put("accuracy", report.accuracy());
        }
        out.put("lr", report.lr());
        return out;
    }

    private static EpochReport report(Json.Obj notes) throws FormatException {
        Map<String, Double> terms = new LinkedHashMap<>();
        for (Map.Entry<String, Json> term :
                notes.get("terms").asObject().members().entrySet()) {
            terms.put(term.getKey(), term.getValue().asDouble());
        }
        return new EpochReport(
                notes.get("stage").asText(),
                notes.get("epoch").asInt(),
                notes.get("step").asLong(),
                notes.get("loss").asDouble(),
                terms,
                notes.members().containsKey("accuracy") ? notes.get("accuracy").asDouble() : Double.NaN,
                notes.get("lr").asDouble());
    }
}
