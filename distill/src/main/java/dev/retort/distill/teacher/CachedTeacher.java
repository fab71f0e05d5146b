package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A teacher whose answers are kept, by sample index.
///
/// An answer is looked up by (teacher fingerprint, data set identity, tap, sample index), never by its
/// place in a batch, so shuffling can't pair a sample with another one's answer. Only answers about
/// inputs without augmentation are kept; a question about an augmented view, or about a tap that is not
/// to be kept, goes to the source. What is kept are the raw tensors at the taps: logits, never
/// probabilities.
///
/// A file holds one tap for one data set: the tensor `values` `[N, …]`, `present` `[N]`, and the key as
/// metadata. A file that was written for another teacher or data set is refused, not overwritten.
public final class CachedTeacher implements Teacher {
    private static final String FORMAT = "retort teacher cache 1";

    private final @Nullable Teacher source;
    private final String fingerprint;
    private final @Nullable Path folder;
    private final Set<Tap> kept;
    private final Map<Key, CachedRows> rows = new LinkedHashMap<>();
    private int computed;

    private record Key(String dataset, Tap tap) {}

    private CachedTeacher(@Nullable Teacher source, String fingerprint, @Nullable Path folder, Set<Tap> kept) {
        this.source = source;
        this.fingerprint = fingerprint;
        this.folder = folder;
        this.kept = Set.copyOf(kept);
    }

    /// Keeps the logits of `source` in memory.
    ///
    /// @throws IllegalArgumentException if the source answers by batch statistics
    public static CachedTeacher inMemory(Teacher source) {
        requireByRow(source);
        return new CachedTeacher(source, source.fingerprint(), null, Set.of(Tap.LOGITS));
    }

    /// Keeps the logits of `source` in memory and, after [#save], in files of a folder; files of an
    /// earlier run are used.
    ///
    /// @throws IllegalArgumentException if the source answers by batch statistics
    public static CachedTeacher inFolder(Teacher source, Path folder) {
        requireByRow(source);
        return new CachedTeacher(source, source.fingerprint(), folder, Set.of(Tap.LOGITS));
    }

    /// Serves the files of a folder alone, without a source.
    public static CachedTeacher fromFolder(String fingerprint, Path folder) {
        return new CachedTeacher(null, fingerprint, folder, Set.of(Tap.LOGITS));
    }

    /// The same cache, still empty, that keeps other taps: small ones, such as pooled features, beside
    /// the logits.
    public CachedTeacher keeping(Tap... taps) {
        return new CachedTeacher(source, fingerprint, folder, Set.of(taps));
    }

    private static void requireByRow(Teacher source) {
        if (source instanceof LiveTeacher live && live.mode() == LiveTeacher.Mode.BATCH_STATISTICS) {
            throw new IllegalArgumentException(
                    "teacher cache: expected a teacher that answers row by row, got one that uses batch statistics");
        }
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public Optional<Layer> asNetwork() {
        return source == null ? Optional.empty() : source.asNetwork();
    }

    /// How many rows the source was asked for to be kept, so far.
    public int computed() {
        return computed;
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        boolean plain = query.augmentation().equals(TeacherQuery.NONE) && kept.containsAll(query.taps());
        if (!plain) {
            if (source == null) {
                throw new IllegalStateException("teacher cache: expected a question about " + kept
                        + " without augmentation, got taps " + query.taps() + " with augmentation '"
                        + query.augmentation() + "', and there is no teacher to ask");
            }
            return source.answer(query);
        }
        fill(query);
        Map<Tap, Tensor> answer = new LinkedHashMap<>();
        for (Tap tap : query.taps()) {
            answer.put(tap, rows(query.dataset(), tap).get(query.indices()));
        }
        return answer;
    }

    /// Asks the source for the whole batch, all taps in one forward, if an answer is missing.
    private void fill(TeacherQuery query) {
        for (Tap tap : query.taps()) {
            OptionalInt missing = rows(query.dataset(), tap).firstMissing(query.indices());
            if (missing.isEmpty()) {
                continue;
            }
            if (source == null) {
                throw new IllegalStateException("teacher cache: sample " + missing.getAsInt() + " of data set "
                        + query.dataset() + " at tap " + tap + " is not in " + folder + " for teacher " + fingerprint
                        + ", and there is no teacher to ask");
            }
            Map<Tap, Tensor> fresh = source.answer(query);
            computed += query.indices().length;
            fresh.forEach((own, tensor) -> rows(query.dataset(), own).put(query.indices(), tensor));
            return;
        }
    }

    private CachedRows rows(String dataset, Tap tap) {
        return rows.computeIfAbsent(new Key(dataset, tap), this::load);
    }

    private CachedRows load(Key key) {
        Path file = file(key);
        if (file == null || !Files.exists(file)) {
            return new CachedRows();
        }
        try {
            Safetensors saved = Safetensors.open(file);
            metadata(key).forEach((part, wanted) -> {
                String found = saved.metadata().get(part);
                if (!wanted.equals(found)) {
                    throw new IllegalStateException("teacher cache: expected " + file + " to be for " + part + " '"
                            + wanted + "', it is for '" + found + "'");
                }
            });
            return new CachedRows(saved.load("values"), saved.load("present"));
        } catch (IOException e) {
            throw new UncheckedIOException("teacher cache: cannot read " + file, e);
        }
    }

    private Map<String, String> metadata(Key key) {
        return Map.of(
                "format",
                FORMAT,
                "teacher",
                fingerprint,
                "dataset",
                key.dataset(),
                "augmentation",
                TeacherQuery.NONE,
                "tap",
                key.tap().toString());
    }

    private @Nullable Path file(Key key) {
        String name = Fingerprint.of(fingerprint, key.dataset(), key.tap().toString());
        return folder == null ? null : folder.resolve(name + ".safetensors");
    }

    /// Writes what is kept into the folder; without a folder nothing is done.
    ///
    /// @throws IOException if a file can't be written
    public void save() throws IOException {
        for (Map.Entry<Key, CachedRows> entry : rows.entrySet()) {
            Path file = file(entry.getKey());
            if (file != null && entry.getValue().isChanged()) {
                Files.createDirectories(file.getParent());
                Safetensors.write(file, entry.getValue().tensors(), metadata(entry.getKey()));
                entry.getValue().markSaved();
            }
        }
    }
}
