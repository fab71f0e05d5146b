package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that PyTorch 1.13 wrote (make_torch.py), and hostile ones.
class TorchFileTest {
    @TempDir
    private Path folder;

    private static Path resource(String name) {
        try {
            return Path.of(TorchFileTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"torch_zip.pt", "torch_old.pt"})
    void tensorsAreReadInBothFormats(String name) throws IOException {
        Map<String, Tensor> state = TorchFile.read(resource(name));
        assertThat(state.keySet())
                .containsExactly(
                        "weight",
                        "transposed",
                        "part",
                        "half",
                        "brain",
                        "double",
                        "count",
                        "small",
                        "byte",
                        "truth",
                        "empty",
                        "parameter");
        assertThat(state.get("weight").shape()).isEqualTo(Shape.of(4, 6));
        assertThat(state.get("weight").get(3, 5)).isEqualTo(23);
        assertThat(state.get("transposed").shape()).isEqualTo(Shape.of(6, 4));
        assertThat(state.get("transposed").get(5, 3)).isEqualTo(23);
        assertThat(state.get("part").toFloats()).containsExactly(6, 8, 10, 12, 14, 16);
        assertThat(state.get("half").dtype()).isEqualTo(DType.F16);
        assertThat(state.get("half").toFloats()).containsExactly(1.5f, -2.25f);
        assertThat(state.get("brain").toFloats()).containsExactly(1.5f, -3f);
        assertThat(state.get("double").item()).isEqualTo(0.1);
        assertThat(state.get("count").toLongs()).containsExactly((1L << 40) + 1);
        assertThat(state.get("small").toInts()).containsExactly(-1, 7);
        assertThat(state.get("byte").toInts()).containsExactly(255, 1);
        assertThat(state.get("truth").toBooleans()).containsExactly(true, false);
        assertThat(state.get("empty").shape()).isEqualTo(Shape.of(0, 3));
        assertThat(state.get("parameter").toFloats()).containsExactly(1, 2);
    }

    @Test
    void theStateDictOfACheckpointIsFound() throws IOException {
        Map<String, Tensor> state = TorchFile.read(resource("torch_checkpoint.pt"));
        assertThat(state.keySet()).containsExactly("layer.weight");
    }

    /// Optimiser, counters, settings, NumPy's numbers and sets lie beside the weights.
    @Test
    void whatTrainingSavesBesideTheWeightsIsPassedOver() throws IOException {
        Map<String, Tensor> state = TorchFile.read(resource("torch_training.pt"));
        assertThat(state.keySet()).containsExactly("weight");
        assertThat(state.get("weight").toFloats()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    }

    @Test
    void tensorsInListsAreNamedByPosition() throws IOException {
        Map<String, Tensor> state = TorchFile.read(resource("torch_list.pt"));
        assertThat(state.keySet()).containsExactly("0", "1.b.0", "1.b.1");
        assertThat(state.get("1.b.1").toFloats()).containsExactly(12, 13, 14, 15, 16, 17);
    }

    @Test
    void aFlippedBitOfAWeightIsFound() throws IOException {
        byte[] bytes = Files.readAllBytes(resource("torch_zip.pt"));
        byte[] weights = ByteBuffer.allocate(12)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(21)
                .putFloat(22)
                .putFloat(23)
                .array();
        int at = new String(bytes, StandardCharsets.ISO_8859_1)
                .indexOf(new String(weights, StandardCharsets.ISO_8859_1));
        bytes[at] ^= 1;
        Path file = Files.write(folder.resolve("flipped.pt"), bytes);
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("flipped.pt")
                .hasMessageContaining("/data/0: expects CRC-32");
    }

    /// Python 2 gave an ordered dictionary its items as a list of pairs.
    @Test
    void orderedDictionariesOfPythonTwoKeepTheirItems() throws IOException {
        String tensor = "ctorch._utils\n_rebuild_tensor\n((X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\n"
                + "X\u0001\u0000\u0000\u00000X\u0003\u0000\u0000\u0000cpuK\u0002tQK\u0000K\u0002\u0085K\u0001\u0085tR";
        String pairs = "ccollections\nOrderedDict\n](X\u0001\u0000\u0000\u0000w" + tensor + "la\u0085R.";
        Path file = zip(ascii("\u0080\u0002" + pairs), Map.of("0", new byte[8]));
        assertThat(TorchFile.read(file)).containsOnlyKeys("w");
    }

    @Test
    void namesThatMeetAreRefused() throws IOException {
        String tensor = "ctorch._utils\n_rebuild_tensor\n((X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\n"
                + "X\u0001\u0000\u0000\u00000X\u0003\u0000\u0000\u0000cpuK\u0002tQK\u0000K\u0002\u0085K\u0001\u0085tR";
        String flat = "X\u0003\u0000\u0000\u0000a.b" + tensor + "s";
        String nested = "X\u0001\u0000\u0000\u0000a}X\u0001\u0000\u0000\u0000b" + tensor + "ss.";
        Path file = zip(ascii("\u0080\u0002}" + flat + nested), Map.of("0", new byte[8]));
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects each name once, got 'a.b' again");
    }

    /// The old format lists its storages behind the pickle: one that is not listed would stay zero.
    @Test
    void aStorageWithoutContentIsRefused() throws IOException {
        byte[] old = Files.readAllBytes(resource("torch_old.pt"));
        String magic = "\u0080\u0002\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.";
        assertThat(new String(old, StandardCharsets.ISO_8859_1)).startsWith(magic);
        String before = magic + "\u0080\u0002M\u00e9\u0003.\u0080\u0002}.\u0080\u0002";
        Path file = folder.resolve("empty.pt");
        Files.write(file, ascii(before + storage('a') + "}." + "\u0080\u0002]." + "\0".repeat(4100)));
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects the content of every storage, got none of [a]");
    }

    /// A zip file as PyTorch writes it, with one pickle.
    private Path zip(byte[] pickle, Map<String, byte[]> storages) throws IOException {
        Path file = folder.resolve("file.pt");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            put(zip, "archive/data.pkl", pickle);
            for (Map.Entry<String, byte[]> storage : storages.entrySet()) {
                put(zip, "archive/data/" + storage.getKey(), storage.getValue());
            }
        }
        return file;
    }

    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }

    private void refused(byte[] pickle, String message) throws IOException {
        Path file = zip(pickle, Map.of());
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(message);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void nothingIsEverRun() throws IOException {
        refused(ascii("\u0080\u0002cos\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R."), "got a call of os.system");
        refused(ascii("\u0080\u0002c__builtin__\neval\n)R."), "got a call of __builtin__.eval");
        refused(ascii("\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093)\u0081."), "got a call of os.system");
        refused(ascii("\u0080\u0002ios\nsystem\n."), "got operation 105 'i'");
    }

    @Test
    void hugeSizesCostNothing() throws IOException {
        refused(ascii("\u0080\u0002X\u00ff\u00ff\u00ff\u007f."), "more bytes, got 1");
        refused(ascii("\u0080\u0002B\u00ff\u00ff\u00ff\u00ff."), "more bytes");
        String storage = "\u0080\u0002(X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u00000"
                + "X\u0003\u0000\u0000\u0000cpuJ\u00ff\u00ff\u00ff\u007ftQ.";
        Path file = zip(ascii(storage), Map.of("0", new byte[8]));
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects 2147483647 elements of F32, got 8 bytes");
    }

    /// A thousand numbers of 4 bytes, under the key `key`, mentioned and dropped.
    private static String storage(char key) {
        return "(X\u0007\u0000\u0000\u0000storagectorch\nFloatStorage\nX\u0001\u0000\u0000\u0000" + key
                + "X\u0003\u0000\u0000\u0000cpuJ\u00e8\u0003\u0000\u0000tQ0";
    }

    @Test
    void storagesThatClaimTheSameBytesAreRefused() throws IOException {
        String magic = "\u0080\u0002\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019.";
        String before = magic + "\u0080\u0002M\u00e9\u0003.\u0080\u0002}.\u0080\u0002";
        Path file = folder.resolve("old.pt");
        Files.write(file, ascii(before + storage('a') + storage('b') + storage('c') + "}." + "\0".repeat(9000)));
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("storage c: expects at most the ")
                .hasMessageContaining("bytes that no other storage has, got 4000");
        // With a place for each the next complaint is about the list of storages that is missing.
        Files.write(file, ascii(before + storage('a') + storage('b') + "}." + "\0".repeat(9000)));
        assertThatThrownBy(() -> TorchFile.read(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("operation 0");
    }

    @Test
    void dictionariesInDictionariesEnd() throws IOException {
        refused(ascii("\u0080\u0002}q\u0000X\u0001\u0000\u0000\u0000ah\u0000s."), "levels of dictionaries");
        ByteArrayOutputStream laughs = new ByteArrayOutputStream();
        laughs.writeBytes(ascii("\u0080\u0002}q\u0000X\u0001\u0000\u0000\u0000aK\u0001s0"));
        for (int level = 1; level < 30; level++) {
            String two = "X\u0001\u0000\u0000\u0000ah" + (char) (level - 1) + "sX\u0001\u0000\u0000\u0000bh"
                    + (char) (level - 1) + "s";
            laughs.writeBytes(ascii("}q" + (char) level + two + (level < 29 ? "0" : "")));
        }
        laughs.write('.');
        refused(laughs.toByteArray(), "entries");
    }

    @Test
    void cutAndDamagedFilesAreFormatErrorsOrTensors() throws IOException {
        for (String name : new String[] {"torch_zip.pt", "torch_old.pt"}) {
            byte[] good = Files.readAllBytes(resource(name));
            Rng rng = new Rng(5);
            for (int round = 0; round < 400; round++) {
                byte[] bad = round % 2 == 0 ? Arrays.copyOf(good, rng.nextInt(good.length)) : good.clone();
                for (int flips = 0; round % 2 == 1 && flips < 1 + round % 7; flips++) {
                    bad[rng.nextInt(bad.length)] ^= (byte) (1 << rng.nextInt(8));
                }
                Path file = Files.write(folder.resolve("bad.pt"), bad);
                try {
                    TorchFile.read(file);
                } catch (IOException e) {
                    assertThat(e).isInstanceOf(FormatException.class);
                }
            }
        }
    }
}
