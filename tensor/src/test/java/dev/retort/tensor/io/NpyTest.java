package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/// The files named *.npy and *.npz are made by `make_numpy_files.py`, which stands beside them.
class NpyTest {
    @TempDir
    Path folder;

    static Path golden(String name) {
        try {
            return Path.of(NpyTest.class.getResource(name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The array that the script writes: values by row-major index.
    static Tensor expected(DType dtype, int... shape) {
        Tensor tensor = Tensor.full(0, dtype, shape);
        for (int k = 0; k < tensor.numel(); k++) {
            int value = switch (dtype) {
                case BOOL -> k % 2;
                case U8 -> k * 37 % 256;
                case F32, F64, BF16, F16, I64, I32, I8 -> k * 37 % 100 - 50;
            };
            tensor.toHost().setLong(k, value);
        }
        return tensor;
    }

    private static void assertReads(String name, Tensor expected) throws IOException {
        Tensor read = Npy.read(golden(name));
        assertThat(read.type()).isEqualTo(expected.type());
        assertThat(Samples.same(read, expected)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"f4,F32", "f8,F64", "f2,F16", "i8,I64", "i4,I32", "i1,I8", "u1,U8", "b1,BOOL"})
    void filesOfNumPyAreRead(String name, DType dtype) throws IOException {
        assertReads(name + ".npy", expected(dtype, 2, 3, 5));
        Npy.write(folder.resolve("a.npy"), expected(dtype, 2, 3, 5));
        assertThat(folder.resolve("a.npy")).hasSameBinaryContentAs(golden(name + ".npy"));
    }

    @Test
    void scalarsVectorsAndEmptyArraysAreRead() throws IOException {
        assertReads("scalar.npy", expected(DType.F32));
        assertReads("empty.npy", expected(DType.F64, 3, 0, 2));
        assertReads("vector.npy", expected(DType.I64, 7));
    }

    @Test
    void fortranOrderIsReadAsAViewAndWrittenBack() throws IOException {
        Tensor read = Npy.read(golden("fortran.npy"));
        assertReads("fortran.npy", expected(DType.F32, 3, 4, 2));
        assertThat(read.strides()).containsExactly(1, 3, 12);
        Npy.write(folder.resolve("a.npy"), read);
        assertThat(folder.resolve("a.npy")).hasSameBinaryContentAs(golden("fortran.npy"));
    }

    @Test
    void bigEndianIsRead() throws IOException {
        assertReads("big_endian.npy", expected(DType.F64, 4, 3));
        assertReads("big_endian_fortran.npy", expected(DType.I32, 4, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void laterVersionsAreRead(int version) throws IOException {
        assertReads("version" + version + ".npy", expected(DType.F32, 2, 2));
    }

    @Test
    void versionTwoIsWrittenWhereVersionOneIsTooShort() throws IOException {
        int[] ones = new int[30_000];
        Arrays.fill(ones, 1);
        Path file = folder.resolve("deep.npy");
        Npy.write(file, Tensor.of(new float[] {3}, ones));
        assertThat(Files.readAllBytes(file)[6]).isEqualTo((byte) 2);
        assertThat(Npy.read(file).rank()).isEqualTo(30_000);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "BF16")
    void everyTypeAndShapeSurvives(DType dtype) throws IOException {
        for (Shape shape : Samples.SHAPES) {
            Path file = folder.resolve("a.npy");
            Npy.write(file, Samples.filled(dtype, shape));
            assertThat(Samples.same(Npy.read(file), Samples.filled(dtype, shape)))
                    .as("%s", shape)
                    .isTrue();
        }
    }

    @Test
    void stridedViewsAreWrittenInRowMajorOrder() throws IOException {
        Tensor base = Tensor.of(new int[] {0, 1, 2, 3, 4, 5, 6, 7});
        Path file = folder.resolve("a.npy");
        Npy.write(file, Tensor.of(base.storage(), 1, Shape.of(2, 2), new int[] {4, 2}));
        assertThat(Npy.read(file).toHost().ints()).containsExactly(1, 3, 5, 7);
    }

    @Test
    void bfloat16HasNoNumPyType() {
        Path file = folder.resolve("a.npy");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Npy.write(file, Tensor.zeros(DType.BF16, 2)))
                .withMessageContaining("BF16");
        assertThat(file).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "strings, <U2",
        "structured, structured type",
        "complex, <c8",
        "objects, pickled Python objects are never read"
    })
    void otherTypesAreNamed(String name, String message) {
        assertThatThrownBy(() -> Npy.read(golden(name + ".npy")))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(name + ".npy")
                .hasMessageContaining(message);
    }

    private String readHeader(String header, int dataBytes) throws IOException {
        byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer bytes = ByteBuffer.allocate(10 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        bytes.putShort((short) text.length).put(text);
        return Samples.read(folder.resolve("a.npy"), bytes.array(), Npy::read);
    }

    @Test
    void unusualButValidHeadersAreRead() throws IOException {
        assertThat(readHeader("{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"=f4\"}", 8))
                .isNull();
        assertThat(readHeader("{'descr': '>i1', 'fortran_order': False, 'shape': ( 1 , 3 ,)} \n", 3))
                .isNull();
        assertThat(readHeader("{'descr': '|f4', 'fortran_order': False, 'shape': (2,)}", 8))
                .contains("expects a byte order < or >, got '|f4'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} | 4 | expects 8 bytes for F32 [2], got 4",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} | 9 | expects 8 bytes for F32 [2], got 9",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2)} | 8 | a tuple such as (3,)",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (,)} | 8 | an extent from 0",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)} | 8 | an extent from 0",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)} | 8 | expects , or )",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483648,)} | 8 | at most 2147483647",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536)} | 8 | at most 2147483647",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647,)} | 8 | expects 8589934588 bytes",
                "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)} | 8 | expects False",
                "{'descr': '!f4', 'fortran_order': False, 'shape': (2,)} | 8 | expects a byte order < or >",
                "{'descr': '?f4', 'fortran_order': False, 'shape': (2,)} | 8 | expects a byte order < or >",
                "{'descr': 'f', 'fortran_order': False, 'shape': (2,)} | 8 | such as '<f4', got 'f'",
                "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)} | 4 | got '<u2'",
                "{'descr': '<f4', 'shape': (2,)} | 8 | expects descr, fortran_order and shape, got",
                "{'descr': '<f4', 'descr': '<f4', 'shape': (2,)} | 8 | expects each key once",
                "{'descr': '<f4', 'order': False, 'shape': (2,)} | 8 | got order",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}; x | 8 | expects the end",
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,) | 8 | expects }, got the end",
                "{'descr': '<f4 | 8 | a closing '",
            })
    void headersAreChecked(String header, int dataBytes, String message) throws IOException {
        assertThat(readHeader(header, dataBytes)).contains("a.npy").contains(message);
    }

    @Test
    void magicVersionAndLengthAreChecked() throws IOException {
        byte[] whole = Files.readAllBytes(golden("f4.npy"));
        for (Map.Entry<Integer, String> wrong :
                Map.of(0, "NUMPY", 6, "got 9.0", 7, "got 1.9", 9, "more bytes").entrySet()) {
            byte[] bytes = whole.clone();
            bytes[wrong.getKey()] = 9;
            assertThat(Samples.read(folder.resolve("a"), bytes, Npy::read)).contains(wrong.getValue());
        }
        byte[] long2 = Files.readAllBytes(golden("version2.npy"));
        long2[11] = (byte) 0xFF;
        assertThat(Samples.read(folder.resolve("a"), long2, Npy::read))
                .contains("expects a header of at most 1048576 bytes, got 42");
    }
}
