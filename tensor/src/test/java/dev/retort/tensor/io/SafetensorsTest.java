package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    @TempDir
    Path folder;

    private Path file(String name) {
        return folder.resolve(name);
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeAndShapeSurvives(DType dtype) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (Shape shape : Samples.SHAPES) {
            tensors.put("t" + shape, Samples.filled(dtype, shape));
        }
        Safetensors.write(file("a"), tensors);
        assertThat(Samples.same(Safetensors.read(file("a")), tensors)).isTrue();
    }

    @Test
    void chunksOfALargeTensorFitTogether() throws IOException {
        Tensor large = Samples.filled(DType.F64, Shape.of(3, 100_003));
        Safetensors.write(file("a"), Map.of("large", large));
        assertThat(Samples.same(Safetensors.open(file("a")).load("large"), large))
                .isTrue();
    }

    @Test
    void viewsAreWrittenInRowMajorOrder() throws IOException {
        Tensor base = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor transposed = Tensor.of(base.storage(), 0, Shape.of(3, 2), new int[] {1, 3});
        Tensor lastTwo = Tensor.of(base.storage(), 4, Shape.of(2), new int[] {1});
        Safetensors.write(file("a"), Map.of("transposed", transposed, "lastTwo", lastTwo));
        Safetensors read = Safetensors.open(file("a"));
        assertThat(read.load("transposed").toHost().floats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(read.load("lastTwo").toHost().floats()).containsExactly(5, 6);
    }

    @Test
    void theLayoutIsThatOfTheFormat() throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("b", Tensor.of(new boolean[] {true, false, true}));
        tensors.put("z", Tensor.of(new float[] {1, -2}));
        tensors.put("a", Tensor.of(new float[] {0.5f}));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "retort");
        metadata.put("classes", "a, b");
        Safetensors.write(file("a"), tensors, metadata);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file("a"))).order(ByteOrder.LITTLE_ENDIAN);
        int length = (int) bytes.getLong();
        byte[] header = new byte[length];
        bytes.get(header);
        assertThat(length % 8).isZero();
        assertThat(new String(header, StandardCharsets.UTF_8).strip())
                .isEqualTo("{\"__metadata__\":{\"classes\":\"a, b\",\"format\":\"retort\"},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"z\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
                        + "\"b\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[12,15]}}");
        assertThat(bytes.getFloat()).isEqualTo(0.5f);
        assertThat(bytes.getFloat()).isEqualTo(1);
        assertThat(bytes.getFloat()).isEqualTo(-2);
        assertThat(bytes.remaining()).isEqualTo(3);
    }

    @Test
    void theBytesDependOnTheContentOnly() throws IOException {
        Map<String, Tensor> backwards = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(Samples.state().keySet());
        names.reversed().forEach(name -> backwards.put(name, Samples.state().get(name)));
        Safetensors.write(file("a"), Samples.state(), Map.of("x", "1", "y", "2"));
        Safetensors.write(file("b"), backwards, Map.of("y", "2", "x", "1"));
        assertThat(file("a")).hasSameBinaryContentAs(file("b"));
    }

    @Test
    void namesTypesAndMetadataAreKnownBeforeLoading() throws IOException {
        Safetensors.write(file("a"), Samples.state(), Map.of("ä \"quoted\"", "line\nbreak 😀"));
        Safetensors read = Safetensors.open(file("a"));
        assertThat(read.names()).containsExactly("step", "conv1.bias", "conv1.weight", "mask");
        assertThat(read.type("conv1.weight")).isEqualTo(new TensorType(DType.F32, Shape.of(2, 1, 3, 3)));
        assertThat(read.metadata()).containsExactly(Map.entry("ä \"quoted\"", "line\nbreak 😀"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> read.load("conv2.weight"))
                .withMessageContaining("conv2.weight")
                .withMessageContaining("conv1.weight");
    }

    @Test
    void aFileWithoutTensorsIsAFile() throws IOException {
        Safetensors.write(file("a"), Map.of());
        assertThat(Safetensors.read(file("a"))).isEmpty();
    }

    @Test
    void tensorsAreStreamedOneByOne() throws IOException {
        Map<String, TensorType> plan = new LinkedHashMap<>();
        plan.put("b", new TensorType(DType.I32, Shape.of(2)));
        plan.put("a", new TensorType(DType.I32, Shape.of(2)));
        List<String> asked = new ArrayList<>();
        Safetensors.write(
                file("a"),
                plan,
                name -> {
                    asked.add(name);
                    return Tensor.of(new int[] {asked.size(), 0});
                },
                Map.of());
        assertThat(asked).containsExactly("a", "b");
        assertThat(Safetensors.open(file("a")).load("b").toHost().ints()).containsExactly(2, 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Safetensors.write(file("a"), plan, _ -> Tensor.of(new int[] {1}), Map.of()))
                .withMessageContaining("tensor 'a': expects")
                .withMessageContaining("got");
        assertThat(Safetensors.open(file("a")).load("b").toHost().ints()).containsExactly(2, 0);
    }

    @Test
    void theMetadataNameIsReserved() {
        Map<String, Tensor> tensors = Map.of("__metadata__", Tensor.of(new int[] {1}));
        assertThatIllegalArgumentException().isThrownBy(() -> Safetensors.write(file("a"), tensors));
        assertThat(file("a")).doesNotExist();
    }

    @Test
    void filesBeyondTwoGigabytesAreRead() throws IOException {
        // A sparse file: 2.5 GiB of zeros between header and the last four bytes, of which the disk keeps none.
        long gap = 5L << 29;
        byte[] header = ("{\"gap\":{\"dtype\":\"I64\",\"shape\":[" + gap / 8 + "],\"data_offsets\":[0," + gap
                        + "]},\"last\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + gap + "," + (gap + 4)
                        + "]}}")
                .getBytes(StandardCharsets.US_ASCII);
        try (RandomAccessFile out = new RandomAccessFile(file("a").toFile(), "rw")) {
            out.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(header.length)
                    .array());
            out.write(header);
            out.seek(8 + header.length + gap);
            out.write(new byte[] {0, 0, (byte) 0x80, 0x3F});
        }
        Safetensors read = Safetensors.open(file("a"));
        assertThat(read.type("gap").shape()).isEqualTo(Shape.of((int) (gap / 8)));
        assertThat(read.load("last").toHost().floats()).containsExactly(1);
    }

    @Test
    void aFileThatIsCutWhileOpenIsAnError() throws IOException {
        Safetensors.write(file("a"), Map.of("x", Tensor.zeros(DType.F32, 100_000)));
        Safetensors read = Safetensors.open(file("a"));
        try (RandomAccessFile out = new RandomAccessFile(file("a").toFile(), "rw")) {
            out.setLength(5000);
        }
        assertThatThrownBy(() -> read.load("x"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("tensor 'x'")
                .hasMessageContaining("cut while it was in use");
    }

    @Test
    void aMissingFileIsNamed() {
        assertThatThrownBy(() -> Safetensors.open(file("none")))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("none");
    }

    private void assertBroken(byte[] bytes, String message) throws IOException {
        assertThat(Samples.read(file("broken.safetensors"), bytes, Safetensors::read))
                .contains("broken.safetensors")
                .contains(message);
    }

    private static byte[] withHeader(long length, byte[] header, int dataBytes) {
        return ByteBuffer.allocate(8 + header.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .array();
    }

    private static byte[] withHeader(String header, int dataBytes) {
        byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        return withHeader(bytes.length, bytes, dataBytes);
    }

    @Test
    void headerLengthsAreChecked() throws IOException {
        assertBroken(new byte[0], "expects at least 8 bytes, got 0");
        assertBroken(new byte[7], "expects at least 8 bytes, got 7");
        assertBroken(withHeader(0, new byte[0], 0), "got a length of 0");
        assertBroken(withHeader(-1, new byte[100], 0), "got a length of 18446744073709551615");
        assertBroken(withHeader(Long.MIN_VALUE, new byte[100], 0), "got a length of 9223372036854775808");
        assertBroken(withHeader(100_000_001, new byte[100], 0), "got a length of 100000001");
        assertBroken(withHeader(101, new byte[100], 0), "truncated");
        assertBroken(
                "GGUF\3\0\0\0 and more".getBytes(StandardCharsets.UTF_8),
                "expects a safetensors file, got a GGUF file");
        assertBroken("PK\3\4\24\0\0\0 and more".getBytes(StandardCharsets.UTF_8), "got a zip archive");
        assertBroken(withHeader(" {}", 0), "starts with '{', got byte 32");
        assertBroken(withHeader("{\"a\":", 0), "header: json: position 5");
        assertBroken(withHeader("{}", 1), "expects 0 bytes of data, got 1: trailing bytes");
    }

    /// The columns: dtype, shape, data_offsets, bytes of data in the file, part of the message.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"F8_E4M3\" | [4] | [0,4] | 4 | dtype: expects one of [F32,",
                "\"U16\" | [2] | [0,4] | 4 | got U16",
                "\"f32\" | [1] | [0,4] | 4 | got f32",
                "7 | [1] | [0,4] | 4 | expects string, got number 7",
                "\"F32\" | [2] | [0,4] | 4 | expects 8 bytes for F32 [2], got 4",
                "\"F32\" | [-1] | [0,4] | 4 | shape: expects numbers from 0, got -1",
                "\"F32\" | [1.0] | [0,4] | 4 | expects an integer",
                "\"F32\" | [1e0] | [0,4] | 4 | expects an integer",
                "\"F32\" | 1 | [0,4] | 4 | expects array, got number 1",
                "\"F32\" | [99999999999999999999] | [0,4] | 4 | expects an integer in [-2^63, 2^63)",
                "\"F32\" | [2147483648] | [0,4] | 4 | at most 2147483647 elements",
                "\"F32\" | [4294967296,4294967296] | [0,0] | 0 | at most 2147483647 elements",
                "\"F32\" | [65536,65536,65536,65536] | [0,0] | 0 | at most 2147483647 elements",
                "\"F32\" | [1] | [4,0] | 4 | data_offsets: expects begin <= end, got [4, 0]",
                "\"F32\" | [1] | [0,4,8] | 8 | data_offsets: expects begin <= end, got [0, 4, 8]",
                "\"F32\" | [1] | [] | 4 | data_offsets: expects begin <= end, got []",
                "\"F32\" | [1] | [-4,0] | 4 | data_offsets: expects numbers from 0, got -4",
                "\"F32\" | [1] | [4,8] | 8 | expects a start at 0, where the tensor before ends, got 4: a gap",
                "\"F32\" | [2] | [0,8] | 4 | expects an end within the 4 bytes of data, got 8",
                "\"F32\" | [1] | [9223372036854775803,9223372036854775807] | 4 | a gap",
                "\"F32\" | [1] | [0,9223372036854775807] | 4 | expects 4 bytes for F32 [1], got 9223372036854775807",
                "\"BOOL\" | [4] | [0,4] | 3 | expects an end within the 3 bytes of data, got 4",
            })
    void entriesAreChecked(String dtype, String shape, String offsets, int dataBytes, String message)
            throws IOException {
        String header =
                "{\"conv1.weight\":{\"dtype\":" + dtype + ",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
        assertBroken(withHeader(header, dataBytes), "tensor 'conv1.weight': ");
        assertBroken(withHeader(header, dataBytes), message);
    }

    private static String entry(String name, int begin, int end) {
        return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + (end - begin) + "],\"data_offsets\":[" + begin + ","
                + end + "]}";
    }

    @Test
    void theRangesMustCoverTheDataOnce() throws IOException {
        assertBroken(withHeader("{" + entry("a", 0, 4) + "," + entry("b", 2, 6) + "}", 6), "tensor 'b': ");
        assertBroken(withHeader("{" + entry("a", 0, 4) + "," + entry("b", 2, 6) + "}", 6), "the two overlap");
        assertBroken(withHeader("{" + entry("a", 0, 4) + "," + entry("b", 0, 4) + "}", 4), "the two overlap");
        assertBroken(withHeader("{" + entry("a", 0, 4) + "," + entry("b", 5, 6) + "}", 6), "a gap");
        assertBroken(withHeader("{" + entry("a", 0, 4) + "," + entry("a", 4, 8) + "}", 8), "each name once");
        assertBroken(withHeader("{" + entry("a", 0, 4) + "}", 5), "trailing bytes");
        assertThat(Samples.read(
                        file("unordered"),
                        withHeader("{" + entry("b", 4, 6) + "," + entry("e", 4, 4) + "," + entry("a", 0, 4) + "}  ", 6),
                        Safetensors::read))
                .isNull();
    }

    @Test
    void fieldsAndMetadataAreChecked() throws IOException {
        assertBroken(withHeader("{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0), "tensor 'a': expects the fields dtype");
        assertBroken(withHeader("{\"a\":[]}", 0), "tensor 'a': json: expects object, got array []");
        assertBroken(withHeader("{\"__metadata__\":{\"a\":1}}", 0), "expects string, got number 1");
    }

    @Test
    void truthValuesAreChecked() throws IOException {
        byte[] bytes = withHeader("{\"on\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2);
        bytes[bytes.length - 1] = 7;
        assertBroken(bytes, "tensor 'on': expects truth values of 0 or 1, got 7 at element 1");
    }
}
