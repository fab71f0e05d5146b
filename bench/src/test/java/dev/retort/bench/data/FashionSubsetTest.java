package dev.retort.bench.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The embedded data set is what its README says.
class FashionSubsetTest {
    private static byte[] resource(String name) throws IOException {
        try (InputStream in =
                FashionSubsetTest.class.getResourceAsStream("/dev/retort/bench/data/fashion-mnist-subset/" + name)) {
            assertThat(in).as(name).isNotNull();
            return in.readAllBytes();
        }
    }

    private static ByteBuffer unpacked(String name) throws IOException {
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(resource(name + ".gz")))) {
            return ByteBuffer.wrap(in.readAllBytes());
        }
    }

    @ParameterizedTest
    @CsvSource({"train, 10000", "t10k, 2000"})
    void imagesAndLabelsMatchAndClassesAreBalanced(String part, int count) throws IOException {
        ByteBuffer images = unpacked(part + "-images-idx3-ubyte");
        assertThat(new int[] {images.getInt(), images.getInt(), images.getInt(), images.getInt()})
                .containsExactly(0x0803, count, 28, 28);
        assertThat(images.remaining()).isEqualTo(count * 28 * 28);
        ByteBuffer labels = unpacked(part + "-labels-idx1-ubyte");
        assertThat(new int[] {labels.getInt(), labels.getInt()}).containsExactly(0x0801, count);
        int[] perClass = new int[10];
        while (labels.hasRemaining()) {
            perClass[labels.get()]++;
        }
        assertThat(perClass).containsOnly(count / 10);
    }

    @ParameterizedTest
    @CsvSource({"train, 60000", "t10k, 10000"})
    void originsAreDistinctPositionsInTheOriginal(String part, int originals) throws IOException {
        IntBuffer origin = unpacked(part + "-origin-idx1-int").position(8).asIntBuffer();
        int[] positions = new int[origin.remaining()];
        origin.get(positions);
        for (int i = 1; i < positions.length; i++) {
            assertThat(positions[i]).isGreaterThan(positions[i - 1]);
        }
        assertThat(positions[0]).isNotNegative();
        assertThat(positions[positions.length - 1]).isLessThan(originals);
    }

    @ParameterizedTest
    @ValueSource(strings = {"images-idx3-ubyte", "labels-idx1-ubyte", "origin-idx1-int"})
    void digestsAreThoseOfTheReadme(String kind) throws Exception {
        String readme = new String(resource("README.md"), StandardCharsets.UTF_8);
        for (String part : new String[] {"train", "t10k"}) {
            byte[] content = unpacked(part + "-" + kind).array();
            String digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            assertThat(readme).contains("| " + part + "-" + kind + " | `" + digest + "` |");
        }
    }
}
