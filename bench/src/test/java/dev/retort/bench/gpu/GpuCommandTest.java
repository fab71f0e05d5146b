package dev.retort.bench.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import dev.retort.bench.info.KernelTimes;
import dev.retort.tensor.Device;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The command with small sizes; on the host, which every machine has. The OpenCL backend has tests of its own.
class GpuCommandTest {
    @TempDir
    private Path folder;

    @Test
    void everyRowIsMeasuredAndWritten() throws Exception {
        Path docs = folder.resolve("docs.md");
        Files.writeString(
                docs, "before\n" + GpuCommand.SECTION.begin() + "\nold\n" + GpuCommand.SECTION.end() + "\nafter");
        CommandLineRun run = CommandLineRun.of(
                "bench", "gpu", "--small", "--device", "cpu", "--out", folder.toString(), "--docs", docs.toString());

        assertThat(run.code()).as(run.err()).isZero();
        JsonNode rows = JsonMapper.shared()
                .readTree(Files.readString(folder.resolve("gpu.json")))
                .get("rows");
        List<String> names = GpuWork.all(GpuSize.SMALL, Device.CPU).stream()
                .map(GpuWork::name)
                .toList();
        assertThat(rows.findValuesAsString("name")).isEqualTo(names);
        for (JsonNode row : rows) {
            assertThat(row.get("milliseconds").doubleValue()).isPositive();
            assertThat(row.get("speed").doubleValue()).isPositive();
            assertThat(row.get("ratio").isNull()).isTrue();
        }
        assertThat(docs)
                .content()
                .startsWith("before")
                .endsWith("after")
                .contains("train GPT-2 tiny")
                .doesNotContain("old");
    }

    @Test
    void onlyWhatIsAskedFor() {
        CommandLineRun run = CommandLineRun.of(
                "bench", "gpu", "--small", "--device", "cpu", "--only", "relu", "--out", folder.toString());
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("relu").doesNotContain("product");
    }

    @Test
    void aPythonThatIsNoneIsNamed() {
        CommandLineRun run = CommandLineRun.of(
                "bench",
                "gpu",
                "--small",
                "--device",
                "cpu",
                "--only",
                "copy",
                "--torch",
                folder.resolve("no-python").toString(),
                "--out",
                folder.toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("--torch: expected a Python interpreter, got", "no-python");
    }

    /// The names by which rows of both sides meet are made in two places.
    @Test
    void theScriptHasTheSameNamesAndSizes() throws Exception {
        String script;
        try (var text = GpuCommand.class.getResourceAsStream("torch_rows.py")) {
            script = new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (GpuSize size : GpuSize.values()) {
            assertThat(script)
                    .contains(String.format(
                            "%s = dict(matrix=%d, elements=1 << %d, images=%d, side=%d, small=(%d, %d), large=(%d, %d),"
                                    + " gpt=(%d, %d), runs=%d)",
                            size,
                            size.matrix,
                            Integer.numberOfTrailingZeros(size.elements),
                            size.images,
                            size.side,
                            size.smallBatch,
                            size.smallSide,
                            size.largeBatch,
                            size.largeSide,
                            size.sequences,
                            size.tokens,
                            size.runs));
        }
        assertThat(script)
                .contains(
                        "f\"product {name} {n}^3\"",
                        "f\"convolution F32 3x3 64 channels {images_n}x{side}x{side}\"",
                        "F32 {x.numel()}\"",
                        "f\"train ResNet-20 {batch}x3x{side}x{side}\"",
                        "f\"train ResNet-50 {batch}x3x{side}x{side}\"",
                        "f\"train GPT-2 {'small' if full else 'tiny'} {sequences}x{tokens}\"");
    }

    @Test
    void ratiosAndKernelsAreInTheTables() {
        GpuRow row =
                new GpuRow("train net", "images/s", 10, .5, null, List.of(new KernelTimes.Row("product", 7, 3, .75)));
        GpuReport report = new GpuReport(Map.of("device", "a card"), List.of(row.beside(.25)));

        assertThat(report.markdown())
                .contains("- device: a card", "| train net | 500.000 | 20.0 images/s | 250.000 | 0.50 |")
                .contains("`product` 7, 75 %; all 3.00 ms");
        assertThat(GpuReport.line(row)).doesNotContain("PyTorch");
        assertThat(GpuReport.line(row.beside(1.0))).contains("2.00 of PyTorch");
    }
}
