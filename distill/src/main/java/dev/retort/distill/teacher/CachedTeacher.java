package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A teacher whose answers for the samples of one data set are kept, by sample index.
///
/// An answer is looked up by (teacher fingerprint, data set identity, augmentation key, tap, sample index), never by its
/// place in a batch, so shuffling can't pair a sample with another one's answer. Only inputs without augmentation are
/// kept; a question about an augmented view goes to the source. What is kept are the raw tensors at the taps: logits,
/// never probabilities.
///
/// A file holds one tap: the tensor `values` [N, …], `present` [N], and the key as metadata. A file that was written for
/// another teacher or data set is refused, not overwritten.
public final class CachedTeacher implements Teacher {
    private static final String FORMAT = "retort-teacher-cache-1";

    private final @Nullable Teacher source;
    private final String fingerprint;
    private final String dataset;
    private final int size;
    private final @Nullable Path folder;
    private final Map<Tap, Store> stores = new LinkedHashMap<>();
    private int computed;

    private CachedTeacher(
            @Nullable Teacher source, String fingerprint, String dataset, int size, @Nullable Path folder) {
        this.source = source;
        this.fingerprint = fingerprint;
        this.dataset = dataset;
        this.size = size;
        this.folder = folder;
    }

    /// Keeps the answers of `source` for a data set of `size` samples in memory.
    ///
    /// @throws IllegalArgumentException if the source answers by batch statistics
    public static CachedTeacher inMemory(Teacher source, String dataset, int size) {
        requireByRow(source);
        return new CachedTeacher(source, source.fingerprint(), dataset, size, null);
    }

    /// Keeps the answers of `source` in memory and, after [#save], in files of a folder; files of an earlier run are used.
    ///
    /// @throws IllegalArgumentException if the source answers by batch statistics
    public static CachedTeacher inFolder(Teacher source, String dataset, int size, Path folder) {
        requireByRow(source);
        return new CachedTeacher(source, source.fingerprint(), dataset, size, folder);
    }

    /// Serves the files of a folder alone, without a source.
    public static CachedTeacher fromFolder(String fingerprint, String dataset, int size, Path folder) {
        return new CachedTeacher(null, fingerprint, dataset, size, folder);
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

    /// How many rows the source was asked for so far.
    public int computed() {
        return computed;
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        boolean plain = query.augmentation().equals(TeacherQuery.NONE);
        if (source == null) {
            requireKey("data set", dataset, query.dataset());
            requireKey("augmentation", TeacherQuery.NONE, query.augmentation());
        } else if (!plain || !query.dataset().equals(dataset)) {
            return source.answer(query);
        }
        fill(query);
        Map<Tap, Tensor> answer = new LinkedHashMap<>();
        for (Tap tap : query.taps()) {
            answer.put(tap, store(tap).rows(query.indices()));
        }
        return answer;
    }

    /// Asks the source for the whole batch, all taps in one forward, if an answer is missing.
    private void fill(TeacherQuery query) {
        OptionalInt missing = Arrays.stream(query.indices())
                .filter(index -> query.taps().stream().anyMatch(tap -> !store(tap).has(index)))
                .findFirst();
        if (missing.isEmpty()) {
            return;
        }
        if (source == null) {
            throw new IllegalStateException("teacher cache: sample " + missing.getAsInt() + " of data set " + dataset
                    + " is not in " + folder + ", and there is no teacher to ask");
        }
        Map<Tap, Tensor> fresh = source.answer(query);
        computed += query.indices().length;
        fresh.forEach((tap, tensor) -> store(tap).put(query.indices(), tensor));
    }

    private Store store(Tap tap) {
        return stores.computeIfAbsent(tap, this::load);
    }

    private Store load(Tap tap) {
        Path file = file(tap);
        if (file == null || !Files.exists(file)) {
            return new Store(size);
        }
        try {
            Safetensors saved = Safetensors.open(file);
            Map<String, String> key = key(tap);
            for (Map.Entry<String, String> part : key.entrySet()) {
                requireKey(part.getKey() + " of " + file, saved.metadata().get(part.getKey()), part.getValue());
            }
            return new Store(saved.load("values"), saved.load("present"));
        } catch (IOException e) {
            throw new UncheckedIOException("teacher cache: cannot read " + file, e);
        }
    }

    private static void requireKey(String what, @Nullable String kept, String wanted) {
        if (!wanted.equals(kept)) {
            throw new IllegalStateException(
                    "teacher cache: expected answers for " + what + " '" + wanted + "', the cache holds '" + kept + "'");
        }
    }

    private Map<String, String> key(Tap tap) {
        return Map.of(
                "format", FORMAT,
                "teacher", fingerprint,
                "dataset", dataset,
                "augmentation", TeacherQuery.NONE,
                "tap", tap.toString(),
                "size", Integer.toString(size));
    }

    private @Nullable Path file(Tap tap) {
        return folder == null
                ? null
                : folder.resolve(Fingerprint.of(fingerprint, dataset, tap.toString()) + ".safetensors");
    }

    /// Writes what is kept into the folder; without a folder nothing is done.
    public void save() throws IOException {
        for (Map.Entry<Tap, Store> entry : stores.entrySet()) {
            Path file = file(entry.getKey());
            Tensor values = entry.getValue().values;
            if (file != null && values != null) {
                Files.createDirectories(file.getParent());
                Tensor present = Tensor.of(entry.getValue().present);
                Safetensors.write(file, Map.of("values", values, "present", present), key(entry.getKey()));
            }
        }
    }

    /// The taps that have answers so far.
    public Set<Tap> taps() {
        return Set.copyOf(stores.keySet());
    }

    /// The rows of one tap.
    private static final class Store {
        private final boolean[] present;
        private @Nullable Tensor values;

        Store(int size) {
            present = new boolean[size];
        }

        Store(Tensor values, Tensor present) {
            this.values = values;
            this.present = present.toBooleans();
        }

        boolean has(int index) {
            return present[index];
        }

        void put(int[] indices, Tensor rows) {
            Tensor all = values;
            if (all == null) {
                all = Tensor.zeros(rows.dtype(), rows.shape().with(0, present.length).dims());
                values = all;
            }
            for (int i = 0; i < indices.length; i++) {
                all.select(0, indices[i]).copyFrom(rows.select(0, i));
                present[indices[i]] = true;
            }
        }

        Tensor rows(int[] indices) {
            if (values == null) {
                throw new IllegalStateException("teacher cache: expected answers, got none");
            }
            long[] wide = Arrays.stream(indices).asLongStream().toArray();
            return values.indexSelect(0, Tensor.wrap(DType.I64, wide));
        }
    }
}
