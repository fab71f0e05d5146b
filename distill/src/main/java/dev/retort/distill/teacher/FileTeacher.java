package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.Json;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A teacher whose logits were computed elsewhere and lie in files: safetensors, npy or CSV.
///
/// ```java
/// Teacher teacher = FileTeacher.of("resnet-152 v2").with(Path.of("pool.npy"), pool).with(Path.of("held.csv"), held);
/// ```
///
/// A file belongs to one data set, by the data set's fingerprint: in the metadata of a safetensors file
/// (`dataset`), or in a file beside it (`pool.npy.json`, `{"dataset":"…"}`); [#write] makes both. Without
/// one the file is refused, since logits in another order would teach nonsense and nobody would notice;
/// [#unchecked] takes it all the same. Rows of NaN are samples without an answer, and asking for one is an
/// error. See [LogitsFile] for the formats.
public final class FileTeacher implements Teacher {
    private static final String DATASET = "dataset";

    private final String name;
    private final Map<String, Answers> files;

    /// Logits of one data set, and where they came from.
    private record Answers(Path file, Tensor logits) {}

    private FileTeacher(String name, Map<String, Answers> files) {
        this.name = name;
        this.files = files;
    }

    /// A teacher without any file yet.
    ///
    /// @param name what identifies its answers: name and version of the model
    public static FileTeacher of(String name) {
        return new FileTeacher(name, Map.of());
    }

    /// The same with the logits of a data set.
    ///
    /// @throws FormatException if the file is none of the formats, says it is for another data set, does
    ///     not say for which, or has another number of rows
    /// @throws IOException     if it is missing or can't be read
    public FileTeacher with(Path file, Dataset data) throws IOException {
        String wanted = Fingerprint.of(data);
        String found = recorded(file);
        if (!wanted.equals(found)) {
            throw new FormatException("file teacher: " + file + ": expected logits for data set " + wanted
                    + ", it "
                    + (found == null
                            ? "does not say for which it is; write it with FileTeacher.write, or take it unchecked"
                            : "is for " + found));
        }
        return with(file, data.size(), wanted);
    }

    /// The same with logits that nothing ties to the data set but the number of their rows.
    ///
    /// @throws FormatException if the file is none of the formats, or has another number of rows
    /// @throws IOException     if it is missing or can't be read
    public FileTeacher unchecked(Path file, Dataset data) throws IOException {
        return with(file, data.size(), Fingerprint.of(data));
    }

    private FileTeacher with(Path file, int rows, String dataset) throws IOException {
        Tensor logits = LogitsFile.read(file);
        if (logits.size(0) != rows) {
            throw new FormatException(
                    "file teacher: " + file + ": expected " + rows + " rows, one a sample, got " + logits.type());
        }
        Map<String, Answers> more = new LinkedHashMap<>(files);
        more.put(dataset, new Answers(file, logits));
        return new FileTeacher(name, more);
    }

    /// Writes logits [N, L] so that [#with] can check whose they are.
    ///
    /// @throws IllegalArgumentException if there is not one row a sample
    /// @throws IOException              if a file can't be written
    public static void write(Path file, Tensor logits, Dataset data) throws IOException {
        if (logits.rank() != 2 || logits.size(0) != data.size()) {
            throw new IllegalArgumentException(
                    "file teacher: expected logits [" + data.size() + ", L], got " + logits.type());
        }
        String dataset = Fingerprint.of(data);
        LogitsFile.write(file, logits, Map.of(DATASET, dataset));
        if (!LogitsFile.isSafetensors(file)) {
            String json = Json.of(Map.of(DATASET, dataset)).pretty();
            AtomicFile.write(beside(file), json.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static Path beside(Path file) {
        return file.resolveSibling(file.getFileName() + ".json");
    }

    /// The data set that a file says it is for, or null.
    private static @Nullable String recorded(Path file) throws IOException {
        if (LogitsFile.isSafetensors(file)) {
            return Safetensors.open(file).metadata().get(DATASET);
        }
        Path beside = beside(file);
        if (!Files.exists(beside)) {
            return null;
        }
        try {
            return Json.parse(InputFile.bytes(beside)).asObject().get(DATASET).asText();
        } catch (FormatException e) {
            throw new FormatException("file teacher: " + beside + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String fingerprint() {
        return Fingerprint.of("file", name);
    }

    @Override
    public Map<Tap, Tensor> answer(TeacherQuery query) {
        if (!query.taps().equals(Set.of(Tap.LOGITS)) || !query.augmentation().equals(TeacherQuery.NONE)) {
            throw new IllegalArgumentException("file teacher: expected a question about the logits of clean inputs, got"
                    + " taps " + query.taps() + " with augmentation '" + query.augmentation() + "'");
        }
        Answers known = files.get(query.dataset());
        if (known == null) {
            throw new IllegalArgumentException("file teacher: expected one of the data sets " + files.keySet()
                    + ", got " + query.dataset() + "; its logits are in no file");
        }
        long[] rows = Arrays.stream(query.indices()).asLongStream().toArray();
        Tensor answer = known.logits.indexSelect(0, Tensor.wrap(DType.I64, rows, rows.length));
        float[] values = answer.toFloats();
        int classes = answer.size(1);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException("file teacher: " + known.file + " has no answer for sample "
                        + query.indices()[i / classes] + ": got " + values[i]);
            }
        }
        return Map.of(Tap.LOGITS, answer);
    }
}
