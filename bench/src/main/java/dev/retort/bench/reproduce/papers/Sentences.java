package dev.retort.bench.reproduce.papers;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sentences as indices of words: 0 fills up, 1 is any other word, 2 begins, then the most frequent words of
/// the training sentences, whose labels play no part in that.
final class Sentences {
    static final int VOCABULARY = 5000;
    static final int LENGTH = 40;

    private static final int OTHER = 1;
    private static final int BEGIN = 2;
    private static final int FIRST = 3;

    private final Map<String, Integer> words = new HashMap<>();
    private final Path path;

    private Sentences(Path path) {
        this.path = path;
    }

    /// The vocabulary of a training file.
    static Sentences of(Path path) throws IOException {
        Sentences sentences = new Sentences(path);
        Map<String, Integer> counts = new HashMap<>();
        for (String line : lines(path)) {
            for (String word : line.substring(0, line.lastIndexOf('\t')).strip().split("\\s+")) {
                counts.merge(word, 1, Integer::sum);
            }
        }
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(VOCABULARY - FIRST)
                .forEach(entry -> sentences.words.put(entry.getKey(), FIRST + sentences.words.size()));
        return sentences;
    }

    /// Non-empty lines, each with a tab before a class number.
    private static List<String> lines(Path path) throws IOException {
        List<String> kept = new ArrayList<>();
        int number = 0;
        for (String line : InputFile.lines(path)) {
            number++;
            if (!line.isBlank()) {
                if (!line.matches(".*\\t\\s*\\d{1,4}\\s*")) {
                    throw new FormatException(path + ": line " + number
                            + ": expected a text, a tab and a class number, got '" + line + "'");
                }
                kept.add(line);
            }
        }
        return kept;
    }

    /// The training sentences.
    Dataset train() throws IOException {
        return read(path);
    }

    /// The sentences of a file.
    ///
    /// @throws FormatException if a line has no class; the message names it
    Dataset read(Path file) throws IOException {
        List<String> lines = lines(file);
        long[] ids = new long[lines.size() * LENGTH];
        long[] labels = new long[lines.size()];
        for (int i = 0; i < labels.length; i++) {
            String line = lines.get(i);
            int tab = line.lastIndexOf('\t');
            labels[i] = Long.parseLong(line.substring(tab + 1).strip());
            String[] own = line.substring(0, tab).strip().split("\\s+");
            ids[i * LENGTH] = BEGIN;
            for (int t = 0; t < Math.min(own.length, LENGTH - 1); t++) {
                ids[i * LENGTH + 1 + t] = words.getOrDefault(own[t], OTHER);
            }
        }
        return new TensorDataset(Tensor.wrap(DType.I64, ids, labels.length, LENGTH), Tensor.of(labels));
    }
}
