package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdxTest {
    private static final int COUNT = 5;
    private static final int HEIGHT = 3;
    private static final int WIDTH = 4;

    @TempDir
    Path folder;

    private Path images;
    private Path labels;

    static byte[] idx(int type, int[] dims, byte[] elements) {
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * dims.length + elements.length);
        bytes.put((byte) 0).put((byte) 0).put((byte) type).put((byte) dims.length);
        for (int dim : dims) {
            bytes.putInt(dim);
        }
        return bytes.put(elements).array();
    }

    static byte[] pixels(int count) {
        byte[] pixels = new byte[count];
        for (int i = 0; i < count; i++) {
            pixels[i] = (byte) (i * 37);
        }
        return pixels;
    }

    static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static byte[] wholeImages() {
        return idx(8, new int[] {COUNT, HEIGHT, WIDTH}, pixels(COUNT * HEIGHT * WIDTH));
    }

    @BeforeEach
    void write() throws IOException {
        images = Files.write(folder.resolve("images"), wholeImages());
        labels = Files.write(folder.resolve("labels"), idx(8, new int[] {COUNT}, new byte[] {0, 1, 2, 1, 0}));
    }

    private ImageDataset read() throws IOException {
        return Idx.read(images, labels, List.of("a", "b", "c"));
    }

    private void assertBroken(String message) {
        assertThatThrownBy(this::read).isInstanceOf(FormatException.class).hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void imagesAndLabelsAreRead(boolean gzipped) throws IOException {
        if (gzipped) {
            Files.write(images, gzip(Files.readAllBytes(images)));
            Files.write(labels, gzip(Files.readAllBytes(labels)));
        }
        ImageDataset read = read();
        assertThat(read.size()).isEqualTo(COUNT);
        assertThat(read.labels()).containsExactly(0, 1, 2, 1, 0);
        assertThat(read.classNames()).containsExactly("a", "b", "c");
        Sample second = read.get(1);
        assertThat(second.label()).isEqualTo(1);
        assertThat(second.input().shape().dims()).containsExactly(1, HEIGHT, WIDTH);
        for (int i = 0; i < HEIGHT * WIDTH; i++) {
            int value = (12 + i) * 37 & 0xFF;
            assertThat(second.input().toFloats()[i]).isEqualTo(value / 255f);
            assertThat(read.bytes(1)[i]).isEqualTo((byte) value);
        }
        assertThatThrownBy(() -> read.get(COUNT)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> read.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void countsMustAgree() throws IOException {
        Files.write(labels, idx(8, new int[] {4}, new byte[4]));
        assertBroken("expects 5 labels, one for each image in images, got 4");
    }

    @Test
    void labelsMustBeClasses() throws IOException {
        Files.write(labels, idx(8, new int[] {COUNT}, new byte[] {0, 1, 2, 3, 0}));
        assertBroken("expects labels below 3, got 3 at index 3");
    }

    @Test
    void imagesAndLabelsMustNotBeSwapped() {
        assertThatThrownBy(() -> Idx.read(labels, images, List.of()))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects images [N, H, W], got 1 dimensions");
    }

    @ParameterizedTest
    @CsvSource({"0, 1, two zero bytes", "2, 13, got type 13", "3, 2, got 2 dimensions"})
    void theMagicIsChecked(int position, byte value, String message) throws IOException {
        byte[] bytes = wholeImages();
        bytes[position] = value;
        Files.write(images, bytes);
        assertBroken(message);
    }

    @ParameterizedTest
    @CsvSource({
        "-1, 3, 4, expects extents from 1",
        "0, 3, 4, expects extents from 1",
        "5, 0, 4, expects extents from 1",
        "2147483647, 2147483647, 2147483647, expects extents that fit a file of 76 bytes",
        "65536, 65536, 1, expects extents that fit",
        "1000000, 28, 28, expects extents that fit",
        "6, 3, 4, 'expects 72 bytes for [6, 3, 4], got 60: truncated'",
        "4, 3, 4, 'expects 48 bytes for [4, 3, 4], got more'"
    })
    void extentsAreChecked(int count, int height, int width, String message) throws IOException {
        Files.write(images, idx(8, new int[] {count, height, width}, pixels(COUNT * HEIGHT * WIDTH)));
        assertBroken(message);
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(labels);
        assertThatThrownBy(this::read).isInstanceOf(NoSuchFileException.class).hasMessageContaining("labels");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyTruncationIsAnError(boolean gzipped) throws IOException {
        byte[] whole = gzipped ? gzip(wholeImages()) : wholeImages();
        for (int length = 0; length < whole.length; length++) {
            Files.write(images, Arrays.copyOf(whole, length));
            assertBroken(images.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void flippedBytesNeverDoMoreThanThrow(boolean gzipped) throws IOException {
        byte[] whole = gzipped ? gzip(wholeImages()) : wholeImages();
        Rng random = new Rng(1);
        int errors = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
            Files.write(images, bytes);
            try {
                assertThat(read().size()).isEqualTo(COUNT);
            } catch (FormatException e) {
                errors++;
            }
        }
        assertThat(errors).isGreaterThan(100);
    }
}
