package dev.retort.bench.reproduce.rad;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.ReproduceOptions;
import dev.retort.bench.reproduce.Reproduction;
import dev.retort.bench.reproduce.Size;
import dev.retort.bench.select.Selectors;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RadExperimentTest {
    private static final RadPlan TINY = new RadPlan(
            "embedded",
            40,
            60,
            60,
            200,
            List.of(20, 20),
            "mlp:8",
            "mlp:16",
            2,
            1,
            List.of(RadTeachers.WEAK, RadTeachers.BETTER, RadTeachers.EVEN, RadTeachers.HARD),
            Selectors.NAMES,
            List.of("rad"));

    @Test
    void everySelectorMeetsEveryTeacher(@TempDir Path folder) throws IOException {
        Path out = folder.resolve("rad");
        assertThat(reproduce(out)).contains("Teacher: hard-noise");
        Map<String, JsonNode> metrics = JsonMapper.shared()
                .readTree(Files.readString(out.resolve("results.json")))
                .get("cells")
                .valueStream()
                .collect(Collectors.toMap(run -> run.get("cell").toString(), run -> run.get("metrics")));
        assertThat(metrics).hasSize(TINY.cells().size());
        for (Cell cell : TINY.cells()) {
            JsonNode own =
                    metrics.get(JsonMapper.shared().valueToTree(cell.factors()).toString());
            double worst = mean(own, "worst_case");
            switch (cell.get("selector")) {
                case "rad" -> assertThat(worst).isBetween(1 - 1e-9, 1 + 1e-9);
                case "uniform" -> assertThat(worst).isBetween(1e-3, 1.0);
                case "margin", "entropy", "core-set", "badge", "unixkd" ->
                    assertThat(worst).isZero();
                default -> assertThat(worst).isBetween(0.0, 1 + 1e-9);
            }
            assertThat(mean(own, "wrong_share")).isBetween(0.0, 1.0);
            assertThat(mean(own, "accuracy")).isEqualTo(mean(own, "accuracy_40"));
        }
        String before = Files.readString(out.resolve("results.csv"));
        reproduce(out);
        assertThat(Files.readString(out.resolve("results.csv")))
                .as("nothing is run twice")
                .isEqualTo(before);
    }

    private static double mean(JsonNode metrics, String name) {
        return metrics.get(name).get("mean").asDouble();
    }

    private static String reproduce(Path out) throws IOException {
        ReproduceOptions options =
                CommandLine.populateCommand(new ReproduceOptions(), "--folder", out.toString(), "--seeds", "1");
        StringWriter text = new StringWriter();
        assertThat(Reproduction.run(new RadExperiment(TINY), options, new PrintWriter(text)))
                .isZero();
        return text.toString();
    }

    @Test
    void imagesOfAFolderAreToldByTheirContents(@TempDir Path folder) throws IOException {
        write(folder, 3);
        Map<String, String> before = new RadExperiment(TINY.withData(folder.toString())).configuration();
        write(folder, 4);
        Map<String, String> after = new RadExperiment(TINY.withData(folder.toString())).configuration();
        assertThat(before.get("data")).contains(folder.getFileName().toString()).isNotEqualTo(after.get("data"));
        Files.delete(folder.resolve("t10k-images-idx3-ubyte"));
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));
        assertThatThrownBy(() -> new RadExperiment(TINY.withData(folder.toString())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--data: expected test images");
    }

    /// Two training images of 2 x 2 pixels and one to test, all of the same grey.
    private static void write(Path folder, int grey) throws IOException {
        for (String part : List.of("train", "t10k")) {
            int n = part.equals("train") ? 2 : 1;
            ByteBuffer images = ByteBuffer.allocate(16 + 4 * n);
            images.putInt(2051).putInt(n).putInt(2).putInt(2);
            while (images.hasRemaining()) {
                images.put((byte) grey);
            }
            Files.write(folder.resolve(part + "-images-idx3-ubyte"), images.array());
            ByteBuffer labels = ByteBuffer.allocate(8 + n).putInt(2049).putInt(n);
            Files.write(folder.resolve(part + "-labels-idx1-ubyte"), labels.array());
        }
    }

    @ParameterizedTest
    @EnumSource(Size.class)
    void plansHaveDifferentCellsAndABaseline(Size size) {
        RadPlan plan = RadPlan.of(size);
        assertThat(plan.cells()).doesNotHaveDuplicates();
        assertThat(plan.selectors()).contains("rad", "uniform").containsAll(plan.combined());
        for (String teacher : plan.teachers()) {
            assertThat(plan.cells()).contains(RadPlan.cell(teacher, "uniform", RadPlan.SOFT));
        }
        assertThat(plan.sums().getLast()).isLessThan(plan.pool());
    }
}
