package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CifarTest {
    @TempDir
    Path folder;

    /// Records whose label is k and whose red, green and blue planes are 10 k, 10 k + 1 and 10 k + 2.
    static byte[] records(int labelBytes, int... labels) {
        int length = labelBytes + 3072;
        byte[] bytes = new byte[labels.length * length];
        for (int i = 0; i < labels.length; i++) {
            bytes[i * length + labelBytes - 1] = (byte) labels[i];
            for (int c = 0; c < 3; c++) {
                int from = i * length + labelBytes + c * 1024;
                Arrays.fill(bytes, from, from + 1024, (byte) (10 * labels[i] + c));
            }
        }
        return bytes;
    }

    @Test
    void filesAreReadOneAfterTheOther() throws IOException {
        Path a = Files.write(folder.resolve("a"), records(1, 3, 9));
        Path b = Files.write(folder.resolve("b"), records(1, 0));
        ImageDataset read = Cifar.read10(List.of(a, b));
        assertThat(read.labels()).containsExactly(3, 9, 0);
        assertThat(read.classNames()).hasSize(10).contains("ship");
        Sample second = read.get(1);
        assertThat(second.input().shape().dims()).containsExactly(3, 32, 32);
        assertThat(second.input().get(0, 0, 0)).isEqualTo(90 / 255f);
        assertThat(second.input().get(1, 31, 31)).isEqualTo(91 / 255f);
        assertThat(second.input().get(2, 0, 31)).isEqualTo(92 / 255f);
    }

    @Test
    void theFineLabelOfCifar100IsTaken() throws IOException {
        byte[] bytes = records(2, 19, 7);
        bytes[0] = 11;
        Path file = Files.write(folder.resolve("train.bin"), bytes);
        ImageDataset read = Cifar.read100(List.of(file));
        assertThat(read.labels()).containsExactly(19, 7);
        assertThat(read.classNames()).hasSize(100).doesNotHaveDuplicates().isSorted();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3072, 3074, 6145})
    void onlyWholeRecordsAreRead(int length) throws IOException {
        Path file = Files.write(folder.resolve("data_batch_1.bin"), new byte[length]);
        assertThatThrownBy(() -> Cifar.read10(List.of(file)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("data_batch_1.bin: expects records of 3073 bytes, got " + length);
    }

    @Test
    void labelsMustBeClasses() throws IOException {
        Path file = Files.write(folder.resolve("a"), records(1, 3, 10));
        assertThatThrownBy(() -> Cifar.read10(List.of(file)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("record 1: expects a label below 10, got 10");
        Path fine = Files.write(folder.resolve("b"), records(2, 255));
        assertThatThrownBy(() -> Cifar.read100(List.of(fine)))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("record 0: expects a label below 100, got 255");
    }
}
