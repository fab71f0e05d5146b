package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every cut and thousands of flipped bytes: reading succeeds or throws a [FormatException], and does so
/// soon.
class DamagedFilesTest {
    private static final int FLIPS = 2000;

    @TempDir
    Path folder;

    private Path damaged;

    @BeforeEach
    void name() {
        damaged = folder.resolve("damaged");
    }

    /// The formats under test, each with a small file and its reader.
    enum Format {
        SAFETENSORS(Safetensors::read),
        NPY(Npy::read),
        NPY_FORTRAN(Npy::read),
        NPZ_STORED(Npz::read),
        NPZ_DEFLATED(Npz::read);

        private final Samples.Reader reader;

        Format(Samples.Reader reader) {
            this.reader = reader;
        }

        private byte[] whole(Path folder) throws IOException {
            Path file = folder.resolve("whole");
            Tensor matrix = Samples.filled(DType.F32, Shape.of(3, 4));
            Map<String, Tensor> state = new TreeMap<>(Samples.state());
            switch (this) {
                case SAFETENSORS -> Safetensors.write(file, state, Map.of("format", "retort"));
                case NPY -> Npy.write(file, matrix);
                case NPY_FORTRAN -> Npy.write(file, Tensor.of(matrix.storage(), 0, Shape.of(4, 3), new int[] {1, 4}));
                case NPZ_STORED -> Npz.write(file, state);
                case NPZ_DEFLATED -> Npz.writeCompressed(file, state);
            }
            return Files.readAllBytes(file);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyTruncationIsAnError(Format format) throws IOException {
        byte[] whole = format.whole(folder);
        assertThat(Samples.read(damaged, whole, format.reader)).isNull();
        for (int length = 0; length < whole.length; length++) {
            assertThat(Samples.read(damaged, Arrays.copyOf(whole, length), format.reader))
                    .as("cut to %d of %d bytes", length, whole.length)
                    .contains(damaged.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyAppendedByteIsAnErrorWhereTheFormatHasAnEnd(Format format) throws IOException {
        byte[] whole = format.whole(folder);
        String message = Samples.read(damaged, Arrays.copyOf(whole, whole.length + 1), format.reader);
        switch (format) {
            case SAFETENSORS, NPY, NPY_FORTRAN -> assertThat(message).contains(damaged.toString());
            // Bytes around a zip archive are allowed: its directory is searched from the end.
            case NPZ_STORED, NPZ_DEFLATED ->
                assertThat(Samples.same(Npz.read(damaged), Samples.state())).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void flippedBytesNeverDoMoreThanThrow(Format format) throws IOException {
        byte[] whole = format.whole(folder);
        Rng random = new Rng(format.ordinal());
        int errors = 0;
        for (int i = 0; i < FLIPS; i++) {
            byte[] bytes = whole.clone();
            int flips = 1 + random.nextInt(3);
            for (int k = 0; k < flips; k++) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
            }
            String message = Samples.read(damaged, bytes, format.reader);
            errors += message == null ? 0 : 1;
        }
        assertThat(errors).isGreaterThan(FLIPS / 10);
    }

    @Test
    void aFlippedByteInAnArchivedArrayIsFound() throws IOException {
        byte[] bytes = Format.NPZ_STORED.whole(folder);
        // The first entry is conv1.bias: 30-byte zip header, the name, a 128-byte npy header, then the elements.
        bytes[30 + "conv1.bias.npy".length() + 128] ^= 1;
        assertThat(Samples.read(damaged, bytes, Npz::read)).contains("conv1.bias.npy: expects CRC-32");
    }
}
