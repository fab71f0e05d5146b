package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxWriterTest {
    @TempDir
    private Path folder;

    @Test
    void readerFindsNodesAndWeightsOfEveryType() throws IOException {
        OnnxWriter writer = new OnnxWriter("graph");
        Tensor base = Tensor.of(new float[] {0, 1, 2, 3, 4, 5}, 2, 3);
        for (DType dtype : DType.values()) {
            writer.initializer("w." + dtype, dtype == DType.BOOL ? base.gt(2) : base.to(dtype));
        }
        writer.initializer("turned", base.t());
        writer.initializer("scalar", Tensor.full(7, DType.I64));
        writer.initializer("empty", Tensor.zeros(0, 3));
        OnnxModel.Node node = new OnnxModel.Node("layer.0/Add_1", "Add", List.of("x", "w.F32"), List.of("y"));
        writer.node(node, Map.of());
        Path file = folder.resolve("model.onnx");
        long size = writer.write(file);

        OnnxModel model = OnnxModel.read(file);
        assertThat(size).isEqualTo(Files.size(file));
        assertThat(model.nodes()).containsExactly(node);
        for (DType dtype : DType.values()) {
            Tensor back = model.initializers().get("w." + dtype);
            assertThat(back.dtype()).isEqualTo(dtype);
            assertThat(back.toDoubles())
                    .isEqualTo(dtype == DType.BOOL ? new double[] {0, 0, 0, 1, 1, 1} : base.toDoubles());
        }
        assertThat(model.initializers().get("turned").shape()).isEqualTo(Shape.of(3, 2));
        assertThat(model.initializers().get("turned").toFloats()).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(model.initializers().get("scalar").item()).isEqualTo(7);
        assertThat(model.initializers().get("empty").shape()).isEqualTo(Shape.of(0, 3));
    }

    /// The bytes by hand after onnx.proto, so that reader and writer cannot be wrong together.
    @Test
    void bytesAreThoseOfTheFormat() throws IOException {
        OnnxWriter writer = new OnnxWriter("g");
        writer.input("x", DType.F32, List.of("batch", "300"));
        writer.node(
                new OnnxModel.Node("n", "Op", List.of("x"), List.of("y")), Map.of("a", new OnnxAttribute.Ints(-1, 2)));
        Path file = folder.resolve("model.onnx");
        var _ = writer.write(file);
        String node = "0a0178" + "120179" + "1a016e" + "22024f70" // input, output, name, op_type
                + "2a13" + "0a0161" + "40ffffffffffffffffff01" + "4002" + "a00107"; // attribute a: ints, type INTS
        String input = "0a0178" + "1214" + "0a12" + "0801" + "120e" // name, type, tensor_type, elem_type, shape
                + "0a07" + "12056261746368" + "0a03" + "08ac02"; // dim_param batch, dim_value 300
        String graph = "0a" + length(node) + node + "120167" + "5a" + length(input) + input;
        String model = "0808" + "12067265746f7274" + "4204" + "0a00" + "1011" + "3a" + length(graph) + graph;
        assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).isEqualTo(model);
    }

    private static String length(String hex) {
        return HexFormat.of().toHexDigits((byte) (hex.length() / 2));
    }

    @Test
    void tooLargeFileIsRefusedAndTheOldOneStays() throws IOException {
        Path file = Files.writeString(folder.resolve("model.onnx"), "old");
        OnnxWriter writer = new OnnxWriter("graph");
        Tensor one = Tensor.of(HostStorage.allocate(DType.F32, 1), 0, Shape.of(1), new int[] {1});
        for (int i = 0; i < 3; i++) {
            writer.initializer("w" + i, one.expand(200_000_000));
        }
        assertThatThrownBy(() -> writer.write(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("model.onnx")
                .hasMessageContaining("at most 2147483647 bytes")
                .hasMessageContaining("got 2400000");
        assertThat(file).hasContent("old");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void nameIsGivenOnce() {
        OnnxWriter writer = new OnnxWriter("graph");
        writer.initializer("w", Tensor.ones(2));
        assertThatThrownBy(() -> writer.initializer("w", Tensor.ones(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("onnx: expects a new name for an initialiser, got 'w'");
    }
}
