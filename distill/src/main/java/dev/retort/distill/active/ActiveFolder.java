package dev.retort.distill.active;

import dev.retort.distill.select.RobustGame;
import dev.retort.distill.select.Selection;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The files of active distillation: what was chosen and what was answered, round by round. Without a
/// folder nothing is read or written.
record ActiveFolder(@Nullable Path folder, String key) {
    private static final String FORMAT = "retort active 1";

    /// Where the training of a round keeps its checkpoints, or null.
    @Nullable
    Path training(int round) {
        return folder == null ? null : folder.resolve("round-" + round);
    }

    private @Nullable Path file(String name) {
        return folder == null ? null : folder.resolve(name + ".safetensors");
    }

    /// Tensors that were saved under a name, or null.
    ///
    /// @throws IllegalStateException if they belong to another run
    private @Nullable Safetensors read(String name) throws IOException {
        Path path = file(name);
        if (path == null || !Files.exists(path)) {
            return null;
        }
        Safetensors saved = Safetensors.open(path);
        String found = saved.metadata().getOrDefault("run", "no run");
        if (!found.equals(key)) {
            throw new IllegalStateException("active distillation: " + path + " holds another run; expected " + key
                    + ", got " + found + "; go on with the same settings, choose another folder, or delete this one");
        }
        return saved;
    }

    private void write(String name, Map<String, Tensor> tensors, String note) throws IOException {
        Path path = file(name);
        if (path != null) {
            Safetensors.write(path, tensors, Map.of("format", FORMAT, "run", key, "note", note));
        }
    }

    @Nullable
    Tensor answers(String name) throws IOException {
        Safetensors saved = read(name + "-answers");
        return saved == null ? null : saved.load("logits");
    }

    void saveAnswers(String name, Tensor logits) throws IOException {
        write(name + "-answers", Map.of("logits", logits), "teacher logits, one row a chosen sample");
    }

    /// What a round chose, or null.
    @Nullable
    Selection chosen(int round, String selector) throws IOException {
        Safetensors saved = read("round-" + round + "-chosen");
        if (saved == null) {
            return null;
        }
        long[] indices = saved.load("indices").toLongs();
        double[] probabilities = saved.load("probabilities").toDoubles();
        double[] scores = saved.load("scores").toDoubles();
        long[] partners = saved.load("partners").toLongs();
        double[] weights = saved.load("weights").toDoubles();
        List<Selection.Pick> picks = new ArrayList<>();
        for (int i = 0; i < indices.length; i++) {
            Selection.Blend blend = partners[i] < 0 ? null : new Selection.Blend((int) partners[i], weights[i]);
            picks.add(new Selection.Pick((int) indices[i], probabilities[i], scores[i], blend));
        }
        double[] marginals = saved.load("marginals").toDoubles();
        String score = saved.metadata().getOrDefault("note", "");
        return new Selection(selector, score, picks, marginals, game(saved, marginals));
    }

    private static RobustGame.@Nullable Equilibrium game(Safetensors saved, double[] marginals) throws IOException {
        if (!saved.names().contains("adversary")) {
            return null;
        }
        double[] game = saved.load("game").toDoubles();
        double[] adversary = saved.load("adversary").toDoubles();
        return new RobustGame.Equilibrium(marginals, game[0], game[1], game[2], (int) game[3], game[4] != 0, adversary);
    }

    void saveChosen(int round, Selection selection) throws IOException {
        List<Selection.Pick> picks = selection.picks();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(
                "indices", longs(picks.stream().mapToLong(Selection.Pick::index).toArray()));
        tensors.put(
                "probabilities",
                doubles(picks.stream().mapToDouble(Selection.Pick::probability).toArray()));
        tensors.put(
                "scores",
                doubles(picks.stream().mapToDouble(Selection.Pick::score).toArray()));
        tensors.put(
                "partners",
                longs(picks.stream()
                        .map(Selection.Pick::blend)
                        .mapToLong(b -> b == null ? -1 : b.partner())
                        .toArray()));
        tensors.put(
                "weights",
                doubles(picks.stream()
                        .map(Selection.Pick::blend)
                        .mapToDouble(b -> b == null ? 0 : b.weight())
                        .toArray()));
        tensors.put("marginals", doubles(selection.marginals()));
        RobustGame.Equilibrium game = selection.game();
        if (game != null) {
            double capped = game.capped() ? 1 : 0;
            double[] numbers = {game.value(), game.bound(), game.level(), game.support(), capped};
            tensors.put("game", doubles(numbers));
            tensors.put("adversary", doubles(game.adversary()));
        }
        write("round-" + round + "-chosen", tensors, selection.score());
    }

    private static Tensor longs(long[] values) {
        return Tensor.wrap(DType.I64, values, values.length);
    }

    private static Tensor doubles(double[] values) {
        return Tensor.wrap(DType.F64, values, values.length);
    }
}
