package dev.retort.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Subset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Npy;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileTeacherTest {
    private static final Dataset DATA = new TensorDataset(Random.normal(new Rng(1), 6, 2), Tensor.zeros(DType.I64, 6));
    private static final Tensor LOGITS = Random.normal(new Rng(2), 6, 3);

    @TempDir
    private Path folder;

    private static TeacherQuery query(Dataset data, int... indices) {
        return TeacherQuery.logits(Fingerprint.of(data), indices, () -> {
            throw new AssertionError("no inputs are needed");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"logits.safetensors", "logits.npy", "logits.csv"})
    void answersFromAFileOfTheDataSet(String name) throws IOException {
        Path file = folder.resolve(name);
        FileTeacher.write(file, LOGITS, DATA);
        FileTeacher teacher = FileTeacher.of("m").with(file, DATA);
        Tensor said = teacher.logits(query(DATA, 4, 0));
        assertThat(said.select(0, 0).toFloats())
                .containsExactly(LOGITS.select(0, 4).toFloats());
        assertThat(said.select(0, 1).toFloats())
                .containsExactly(LOGITS.select(0, 0).toFloats());
        Dataset reordered = new Subset(DATA, new int[] {5, 4, 3, 2, 1, 0});
        assertThatThrownBy(() -> FileTeacher.of("m").with(file, reordered))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expected logits for data set " + Fingerprint.of(reordered))
                .hasMessageContaining("is for " + Fingerprint.of(DATA));
        assertThatThrownBy(() -> teacher.logits(query(reordered, 1))).hasMessageContaining("its logits are in no file");
        assertThatThrownBy(() -> teacher.answer(new TeacherQuery(
                        Fingerprint.of(DATA), new int[] {0}, "flip", () -> LOGITS, Set.of(Tap.LOGITS))))
                .hasMessageContaining("augmentation 'flip'");
    }

    @Test
    void filesOfOthersAreTakenOnlyIfAskedTo() throws IOException {
        Path npy = folder.resolve("other.npy");
        Npy.write(npy, LOGITS.to(DType.F64));
        assertThatThrownBy(() -> FileTeacher.of("m").with(npy, DATA))
                .hasMessageContaining("does not say for which it is");
        assertThat(FileTeacher.of("m")
                        .unchecked(npy, DATA)
                        .logits(query(DATA, 5))
                        .toFloats())
                .containsExactly(LOGITS.select(0, 5).toFloats());
        Dataset five = new Subset(DATA, new int[] {0, 1, 2, 3, 4});
        assertThatThrownBy(() -> FileTeacher.of("m").unchecked(npy, five)).hasMessageContaining("expected 5 rows");
    }

    @Test
    void rowsWithoutAnAnswerAreNotMadeUp() throws IOException {
        Path csv = folder.resolve("partial.csv");
        Files.writeString(csv, "a,b\n1,2\n,\n3,4\n\n5,6\n7,8\nnan,1\n".replace("nan", "NaN"));
        FileTeacher teacher = FileTeacher.of("m").unchecked(csv, DATA);
        assertThat(teacher.logits(query(DATA, 0, 2, 4)).toFloats()).containsExactly(1, 2, 3, 4, 7, 8);
        assertThatThrownBy(() -> teacher.logits(query(DATA, 0, 1)))
                .hasMessageContaining("no answer for sample 1: got NaN");
        assertThatThrownBy(() -> teacher.logits(query(DATA, 5))).hasMessageContaining("sample 5");
    }

    @Test
    void whatIsNoMatrixIsRefused() throws IOException {
        Path ragged = folder.resolve("ragged.csv");
        Files.writeString(ragged, "1,2\n3\n");
        assertThatThrownBy(() -> LogitsFile.read(ragged)).hasMessageContaining("row 2: expected 2 cells, got 1");
        Files.writeString(ragged, "1,2\n3,x\n");
        assertThatThrownBy(() -> LogitsFile.read(ragged)).hasMessageContaining("expected a number, got 'x'");
        Path two = folder.resolve("two.safetensors");
        Safetensors.write(two, Map.of("a", LOGITS, "b", LOGITS));
        assertThatThrownBy(() -> LogitsFile.read(two)).hasMessageContaining("one tensor alone, got [a, b]");
        Path ints = folder.resolve("ints.npy");
        Npy.write(ints, Tensor.zeros(DType.I64, 3, 2));
        assertThatThrownBy(() -> LogitsFile.read(ints)).hasMessageContaining("matrix of floating numbers");
        assertThatThrownBy(() -> LogitsFile.read(folder.resolve("x.txt")))
                .hasMessageContaining(".safetensors, .npy or .csv");
        assertThatThrownBy(() -> FileTeacher.write(two, Tensor.zeros(5, 2), DATA))
                .hasMessageContaining("[6, L]");
    }

    /// Rows and columns are counted before the numbers are read: 50,000 by 50,000 are too many for an
    /// array.
    @Test
    void aMatrixThatIsTooLargeIsAnErrorThatSaysSo() throws IOException {
        Path file = folder.resolve("large.csv");
        Files.writeString(file, ",".repeat(49_999) + "1\n" + "1\n".repeat(49_999));
        assertThatThrownBy(() -> LogitsFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expected fewer than 2^31 numbers, got 50000 rows of 50000");
    }

    @Test
    void aFirstRowIsAHeaderOnlyWithoutNumbers() throws IOException {
        Path file = folder.resolve("logits.csv");
        Files.writeString(file, "1,nan\n3,-inf\n");
        assertThat(LogitsFile.read(file).toFloats()).containsExactly(1, Float.NaN, 3, Float.NEGATIVE_INFINITY);
        Files.writeString(file, "cat,dog\n3,4\n");
        assertThat(LogitsFile.read(file).toFloats()).containsExactly(3, 4);
        Files.writeString(file, "1,x\n3,4\n");
        assertThatThrownBy(() -> LogitsFile.read(file))
                .hasMessageContaining("row 1")
                .hasMessageContaining("'x'");
    }
}
