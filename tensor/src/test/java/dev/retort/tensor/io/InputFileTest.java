package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFileTest {
    @TempDir
    Path folder;

    @Test
    void textAndLines() throws IOException {
        Path file = folder.resolve("text");
        Files.writeString(file, "grün\r\n\nπ", StandardCharsets.UTF_8);
        assertThat(InputFile.text(file)).isEqualTo("grün\r\n\nπ");
        assertThat(InputFile.lines(file)).containsExactly("grün", "", "π");
        assertThat(InputFile.bytes(file)).hasSize(10);
    }

    @Test
    void bytesThatAreNoTextAreNamedWithTheirPlace() throws IOException {
        Path file = folder.resolve("latin");
        Files.write(file, new byte[] {'a', 'b', (byte) 0xE4, 'c'});
        assertThatThrownBy(() -> InputFile.lines(file))
                .isInstanceOf(FormatException.class)
                .hasMessage(file + ": expects UTF-8 text, got other bytes at offset 2");
        Files.write(file, new byte[] {'a', (byte) 0xC3});
        assertThatThrownBy(() -> InputFile.text(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("offset 1");
    }

    @Test
    void aByteOrderMarkIsNoText() throws IOException {
        Path file = folder.resolve("marked");
        Files.writeString(file, "\uFEFF12\n\uFEFF");
        assertThat(InputFile.lines(file)).containsExactly("12", "\uFEFF");
        assertThat(Json.parse("\uFEFF{\"a\": 1}".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(Json.parse("{\"a\": 1}"));
        Files.writeString(file, "\uFEFFa", StandardCharsets.UTF_16LE);
        assertThatThrownBy(() -> InputFile.text(file)).hasMessage(file + ": expects UTF-8 text, got UTF-16");
    }

    @Test
    void everyReaderNamesAFolder() {
        List<ThrowingCallable> readers = List.of(
                () -> InputFile.bytes(folder),
                () -> InputFile.text(folder),
                () -> Safetensors.open(folder),
                () -> Npy.read(folder),
                () -> TorchFile.read(folder),
                () -> OnnxModel.read(folder));
        for (ThrowingCallable reader : readers) {
            assertThatThrownBy(reader)
                    .isInstanceOf(FileSystemException.class)
                    .hasMessage(folder + ": expects a file, got a folder");
        }
        assertThatThrownBy(() -> InputFile.bytes(folder.resolve("none"))).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aFailedWriteNamesTheTarget() {
        Path target = Path.of("/proc/self/retort.safetensors");
        assumeTrue(Files.isDirectory(Path.of("/proc/self")), "skipped: needs /proc, where nobody can write");
        assertThatThrownBy(() -> Safetensors.write(target, Map.of("x", Tensor.zeros(1))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("retort.safetensors")
                .hasMessageNotContaining(".tmp");
    }
}
