package dev.retort.bench.reproduce.laurel;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/// A text as indices of its distinct characters: the first nine tenths for training, the rest for
/// validation.
final class CharText {
    private static final String EMBEDDED = "persuasion.txt.gz";
    private static final double TRAINING = 0.9;

    private final String name;
    private final int[] ids;
    private final int split;
    private final int vocabulary;

    private CharText(String name, String text) {
        this.name = name;
        int[] characters = text.chars().distinct().sorted().toArray();
        vocabulary = characters.length;
        ids = text.chars().map(c -> Arrays.binarySearch(characters, c)).toArray();
        split = (int) (ids.length * TRAINING);
    }

    /// Jane Austen's Persuasion, or the text of a file in UTF-8.
    ///
    /// @throws IOException if the file cannot be read
    static CharText open(@Nullable Path file) throws IOException {
        if (file != null) {
            return new CharText(file.getFileName().toString(), InputFile.text(file));
        }
        try (InputStream in = CharText.class.getResourceAsStream(EMBEDDED)) {
            if (in == null) {
                throw new IOException("resource " + EMBEDDED + " is missing: the build is incomplete");
            }
            byte[] bytes = new GZIPInputStream(in).readAllBytes();
            return new CharText("Persuasion (embedded)", new String(bytes, StandardCharsets.UTF_8));
        }
    }

    static CharText of(String name, String text) {
        return new CharText(name, text);
    }

    int vocabulary() {
        return vocabulary;
    }

    /// Such as `Persuasion (embedded), 466,854 characters, 75 different`.
    String description() {
        return String.format(java.util.Locale.ROOT, "%s, %,d characters, %d different", name, ids.length, vocabulary);
    }

    /// Whether training and validation parts have room for windows of this many characters.
    void requireRoom(int length) {
        if (Math.min(split, ids.length - split) <= length) {
            throw new IllegalArgumentException(
                    "--text: expected more than " + 10 * length + " characters, got " + ids.length + " in " + name);
        }
    }

    /// Inputs and targets.
    ///
    /// @param inputs  `I64` `[B, T]`
    /// @param targets `I64` `[B, T]`: the characters that follow
    record Batch(Tensor inputs, Tensor targets) {}

    /// Windows at random places of the training part.
    Batch random(int batch, int length, Rng rng) {
        int[] starts = new int[batch];
        for (int b = 0; b < batch; b++) {
            starts[b] = rng.nextInt(split - length);
        }
        return windows(starts, length);
    }

    /// The `part`-th of `parts` batches of windows spread evenly over the validation part.
    Batch validation(int part, int parts, int batch, int length) {
        int[] starts = new int[batch];
        long room = ids.length - split - length - 1;
        for (int b = 0; b < batch; b++) {
            starts[b] = split + (int) (room * ((long) part * batch + b) / ((long) parts * batch));
        }
        return windows(starts, length);
    }

    private Batch windows(int[] starts, int length) {
        long[] inputs = new long[starts.length * length];
        long[] targets = new long[inputs.length];
        for (int b = 0; b < starts.length; b++) {
            for (int t = 0; t < length; t++) {
                inputs[b * length + t] = ids[starts[b] + t];
                targets[b * length + t] = ids[starts[b] + t + 1];
            }
        }
        return new Batch(Tensor.of(inputs, starts.length, length), Tensor.of(targets, starts.length, length));
    }
}
