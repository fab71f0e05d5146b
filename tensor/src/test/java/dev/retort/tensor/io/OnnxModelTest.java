package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OnnxModelTest {
    private static byte[] field(int number, byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        varint(out, (long) number << 3 | 2);
        varint(out, content.length);
        out.writeBytes(content);
        return out.toByteArray();
    }

    private static byte[] field(int number, String text) {
        return field(number, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] field(int number, long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        varint(out, (long) number << 3);
        varint(out, value);
        return out.toByteArray();
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static byte[] all(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Arrays.stream(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static byte[] floats(float... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            buffer.putFloat(value);
        }
        return buffer.array();
    }

    private static byte[] model() {
        byte[] matrix = all(
                field(1, 2), field(1, 3), field(2, 1), field(8, "onnx::MatMul_9"), field(9, floats(1, 2, 3, 4, 5, 6)));
        byte[] bias =
                all(field(1, new byte[] {3}), field(2, 1), field(4, floats(7, 8, 9)), field(8, "layer.0.fc.bias"));
        byte[] ids = all(field(1, 2), field(2, 7), field(7, new byte[] {5, 6}), field(8, "ids"));
        byte[] node = all(
                field(1, "x"),
                field(1, "onnx::MatMul_9"),
                field(2, "y"),
                field(3, "/layer.0/fc/MatMul"),
                field(4, "MatMul"));
        return all(field(1, 7), field(7, all(field(1, node), field(5, matrix), field(5, bias), field(5, ids))));
    }

    @Test
    void weightsAreReadAndGetTheirLayersNames() throws FormatException {
        OnnxModel model = OnnxModel.parse(model(), "test");
        assertThat(model.nodes()).hasSize(1);
        assertThat(model.initializers().get("ids").toLongs()).containsExactly(5, 6);
        Tensor weight = model.stateDict().get("layer.0.fc.weight");
        assertThat(weight.shape()).isEqualTo(Shape.of(3, 2));
        assertThat(weight.contiguous().toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(model.stateDict().get("layer.0.fc.bias").toFloats()).containsExactly(7, 8, 9);
    }

    /// Two nodes that share a matrix each have a weight; two tensors of one name are a damaged file.
    @Test
    void aMatrixMayHaveTwoUsersAndANameOneTensor() throws FormatException {
        byte[] again = all(field(1, "y"), field(1, "onnx::MatMul_9"), field(3, "/head/MatMul"), field(4, "MatMul"));
        byte[] tied = all(model(), field(7, field(1, again)));
        assertThat(OnnxModel.parse(tied, "test").stateDict())
                .containsKeys("layer.0.fc.weight", "head.weight")
                .doesNotContainKey("onnx::MatMul_9");
        byte[] ids = all(field(1, 2), field(2, 7), field(7, new byte[] {5, 6}), field(8, "ids"));
        assertThatThrownBy(() -> OnnxModel.parse(all(model(), field(7, field(5, ids))), "test"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("tensor 'ids': expects each name once");
        byte[] mixed = all(field(1, 2), field(2, 6), field(4, floats(1, 2)), field(8, "w"));
        assertThatThrownBy(() -> OnnxModel.parse(field(7, field(5, mixed)), "test"))
                .hasMessageContaining("tensor 'w': expects 8 bytes for I32[2], got 0");
    }

    @Test
    void damagedFilesAreFormatErrorsOrModels() {
        byte[] good = model();
        Rng rng = new Rng(6);
        for (int round = 0; round < 2000; round++) {
            byte[] bad = round % 2 == 0 ? Arrays.copyOf(good, rng.nextInt(good.length)) : good.clone();
            for (int flips = 0; round % 2 == 1 && flips < 1 + round % 5; flips++) {
                bad[rng.nextInt(bad.length)] ^= (byte) (1 << rng.nextInt(8));
            }
            try {
                OnnxModel.parse(bad, "test");
            } catch (FormatException e) {
                assertThat(e).hasMessageContaining("onnx: test");
            }
        }
        assertThatThrownBy(() -> OnnxModel.parse(new byte[0], "test")).hasMessageContaining("a model with a graph");
        byte[] huge = all(field(1, 1L << 30), field(1, 1L << 30), field(2, 1), field(8, "w"));
        assertThatThrownBy(() -> OnnxModel.parse(field(7, field(5, huge)), "test"))
                .hasMessageContaining("fewer than 2^31 elements");
    }
}
