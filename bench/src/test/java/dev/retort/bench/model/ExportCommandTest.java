package dev.retort.bench.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.io.OnnxModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
    @TempDir
    private Path folder;

    private String saved() throws IOException {
        ModelCard card = new ModelCard(
                "resnet8:4,8,8",
                new ImageShape(1, 8, 8),
                List.of("a", "b", "c"),
                new Normalization(List.of(0.25f), List.of(0.5f)),
                Map.of());
        Layer model = ModelSpec.parse(card.architecture()).create(card.input(), 3, new Rng(5));
        Path file = folder.resolve("student.safetensors");
        card.save(model, file);
        return file.toString();
    }

    @Test
    void savedModelBecomesAFile() throws IOException {
        Path out = folder.resolve("student.onnx");
        CommandLineRun run = CommandLineRun.of("export", "--model", saved(), "--out", out.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out())
                .contains("student.onnx: resnet8:4,8,8, ")
                .contains("input: [batch, 1, 8, 8], (pixels in [0, 1] - [0.25]) / [0.5]")
                .contains("logits of 3 classes: a, b, c");
        OnnxModel model = OnnxModel.read(out);
        assertThat(model.nodes().getFirst().opType()).isEqualTo("Conv");
        assertThat(model.initializers()).containsKey("layer1.0.conv1.weight");
    }

    @Test
    void normalisationMayBeInTheFile() throws IOException {
        Path out = folder.resolve("student.onnx");
        CommandLineRun run =
                CommandLineRun.of("export", "--model", saved(), "--out", out.toString(), "--pixels", "--json");
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("\"anyBatch\" : true").contains("\"bytes\" : " + Files.size(out));
        OnnxModel model = OnnxModel.read(out);
        assertThat(model.nodes().stream().map(OnnxModel.Node::opType).toList()).startsWith("Sub", "Div", "Conv");
        assertThat(model.initializers()).containsKey("model.layer1.0.conv1.weight");
    }

    @Test
    void existingFileIsKept() throws IOException {
        Path out = Files.writeString(folder.resolve("student.onnx"), "mine");
        CommandLineRun run = CommandLineRun.of("export", "--model", saved(), "--out", out.toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("exists; use --force");
        assertThat(out).hasContent("mine");
        assertThat(CommandLineRun.of("export", "--model", saved(), "--out", out.toString(), "--force")
                        .code())
                .isZero();
    }

    @Test
    void modelIsNotReplacedByItsExport() throws IOException {
        String model = saved();
        byte[] before = Files.readAllBytes(Path.of(model));
        CommandLineRun run = CommandLineRun.of("export", "--model", model, "--out", model, "--force");
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("--out: expected another file than those that are read, got " + model);
        assertThat(Path.of(model)).hasBinaryContent(before);
    }
}
