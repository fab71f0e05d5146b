package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpzTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"stored.npz", "deflated.npz"})
    void archivesOfNumPyAreRead(String name) throws IOException {
        Map<String, Tensor> expected = Map.of(
                "weight", NpyTest.expected(DType.F32, 4, 3),
                "steps", NpyTest.expected(DType.I64, 3),
                "on", NpyTest.expected(DType.BOOL));
        assertThat(Samples.same(Npz.read(NpyTest.golden(name)), expected)).isTrue();
    }

    @Test
    void everyTypeAndShapeSurvivesStoredAndDeflated() throws IOException {
        Map<String, Tensor> tensors = new TreeMap<>();
        for (DType dtype : DType.values()) {
            for (Shape shape : Samples.SHAPES) {
                if (dtype != DType.BF16) {
                    tensors.put("ä/" + dtype + shape, Samples.filled(dtype, shape));
                }
            }
        }
        tensors.put("large", Tensor.zeros(DType.F64, 300_000));
        Npz.write(folder.resolve("stored.npz"), tensors);
        Npz.writeCompressed(folder.resolve("deflated.npz"), tensors);
        assertThat(Samples.same(Npz.read(folder.resolve("stored.npz")), tensors))
                .isTrue();
        assertThat(Samples.same(Npz.read(folder.resolve("deflated.npz")), tensors))
                .isTrue();
        assertThat(Files.size(folder.resolve("deflated.npz"))).isLessThan(100_000);
    }

    @Test
    void theBytesDependOnTheContentOnly() throws IOException {
        Npz.write(folder.resolve("a.npz"), new java.util.HashMap<>(Samples.state()));
        Npz.write(folder.resolve("b.npz"), Samples.state());
        assertThat(folder.resolve("a.npz")).hasSameBinaryContentAs(folder.resolve("b.npz"));
    }

    @Test
    void aFailureLeavesTheOldArchive() throws IOException {
        Path file = folder.resolve("a.npz");
        Npz.write(file, Samples.state());
        Map<String, Tensor> wrong = new TreeMap<>(Samples.state());
        wrong.put("z", Tensor.zeros(DType.BF16, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> Npz.write(file, wrong));
        assertThat(Samples.same(Npz.read(file), Samples.state())).isTrue();
    }

    @Test
    void otherEntriesAndOtherFilesAreErrors() throws IOException {
        Path file = folder.resolve("a.npz");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("readme.txt"));
            zip.closeEntry();
        }
        assertThat(Samples.read(file, Files.readAllBytes(file), Npz::read))
                .contains("a.npz: expects entries named *.npy, got readme.txt");
        assertThat(Samples.read(file, new byte[100], Npz::read)).contains("expects a zip archive");
    }
}
