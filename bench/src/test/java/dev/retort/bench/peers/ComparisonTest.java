package dev.retort.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.CommandException;
import dev.retort.bench.CommandLineRun;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ComparisonTest {
    @TempDir
    private Path folder;

    private static Measurement row(String name, int threads, double ours, double theirs) {
        double ratio = theirs / ours;
        return new Measurement(
                name, "gemm", threads, ours, "libtorch", theirs, ratio, ratio, ratio, 10, 2e9, 1e8, 0, Map.of(), "");
    }

    private static Comparison comparison() {
        Comparison comparison = new Comparison();
        comparison.rows().add(row("gemm 1x2x3", 1, 20, 10));
        comparison.rows().add(row("gemm \"q\" <b>", 1, 10, 20));
        comparison.rows().add(row("gemm 4x5x6", 2, 10, 40));
        comparison.skipped().add(new Skipped("gemm big", 1, "no memory"));
        comparison.ceilings().add(new Ceiling(1, 400, 20));
        comparison.facts().put("processor", "test");
        return comparison;
    }

    @Test
    void theMedianAndItsIntervalAreOrderStatistics() {
        double[] ours = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        double[] theirs = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
        PairedRatio ratio = PairedRatio.of(ours, theirs);
        assertThat(ratio.median()).isEqualTo(5.5);
        assertThat(ratio.low()).isEqualTo(2); // 10 pairs: second smallest and second largest, 97.9 %
        assertThat(ratio.high()).isEqualTo(9);
        PairedRatio few = PairedRatio.of(new double[] {1, 2, 4}, new double[] {4, 4, 4});
        assertThat(few).isEqualTo(new PairedRatio(2, 1, 4));
        assertThatThrownBy(() -> PairedRatio.of(new double[2], new double[3])).hasMessageContaining("2 and 3");
    }

    @Test
    void theIntervalContainsTheTrueMedianOftenEnough() {
        SplittableRandom random = new SplittableRandom(5);
        int inside = 0;
        int trials = 4000;
        for (int t = 0; t < trials; t++) {
            double[] ours = new double[12];
            double[] theirs = new double[12];
            Arrays.setAll(ours, i -> 1);
            Arrays.setAll(theirs, i -> Math.exp(random.nextGaussian() * 2)); // skewed, median 1
            PairedRatio ratio = PairedRatio.of(ours, theirs);
            inside += ratio.low() <= 1 && 1 <= ratio.high() ? 1 : 0;
        }
        assertThat(inside / (double) trials).isBetween(0.95, 0.98); // 0.961 exactly
    }

    @Test
    void geometricMeansAreByGroupAndThreads() {
        assertThat(comparison().geometricMean("gemm", 1)).isCloseTo(1, within(1e-12));
        assertThat(comparison().geometricMean("gemm", 2)).isCloseTo(4, within(1e-12));
        assertThat(comparison().geometricMean("conv", 1)).isNaN();
    }

    @Test
    void rowsWhoseIntervalEndsBelowLevelAreNamed() {
        assertThat(ComparisonText.text(comparison()))
                .contains("rows whose interval ends below 0.95: gemm 1x2x3 (1 thread)\n");
        Comparison ahead = new Comparison();
        ahead.rows().add(row("gemm 4x5x6", 2, 10, 40));
        assertThat(ComparisonText.text(ahead)).contains("rows whose interval ends below 0.95: none\n");
        assertThat(ComparisonText.text(new Comparison())).doesNotContain("interval ends");
    }

    @Test
    void everyRowIsKeptAsItComes() throws Exception {
        Path json = folder.resolve("rows.json");
        Comparison comparison = new Comparison();
        ComparisonRun run = new ComparisonRun(
                new PrintWriter(Writer.nullWriter()),
                comparison,
                new ComparisonRun.Settings("", List.of(1), 1, true, null, Pages.SMALL),
                () -> ComparisonFiles.write(json, ComparisonFiles.json(comparison)));
        for (int i = 1; i <= 2; i++) {
            run.accept("row", JsonMapper.shared().writeValueAsString(row("gemm " + i, 1, 10, 10)));
            JsonNode kept = JsonMapper.shared().readTree(Files.readString(json));
            assertThat(kept.get("rows").get(i - 1).get("name").asString()).isEqualTo("gemm " + i);
            assertThat(kept.get("seconds").isNumber()).isTrue();
        }
        run.accept("skipped", JsonMapper.shared().writeValueAsString(new Skipped("gemm 3", 1, "no memory")));
        assertThat(Files.readString(json)).contains("gemm 1", "gemm 2", "gemm 3");
    }

    @Test
    void jsonHasTheAgreedFields() {
        JsonNode root = JsonMapper.shared().readTree(ComparisonFiles.json(comparison()));
        JsonNode row = root.get("rows").get(0);
        assertThat(row.get("name").asString()).isEqualTo("gemm 1x2x3");
        assertThat(row.get("threads").asInt()).isEqualTo(1);
        assertThat(row.get("retort_ms").asDouble()).isEqualTo(20);
        assertThat(row.get("peer").asString()).isEqualTo("libtorch");
        assertThat(row.get("peer_ms").asDouble()).isEqualTo(10);
        assertThat(row.get("ratio").asDouble()).isEqualTo(0.5);
        assertThat(root.get("skipped").get(0).get("reason").asString()).isEqualTo("no memory");
        assertThat(root.get("processor").asString()).isEqualTo("test");
    }

    @Test
    void csvQuotesNames() {
        List<String> lines = ComparisonFiles.csv(comparison()).lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(lines.get(2)).startsWith("\"gemm \"\"q\"\" <b>\",gemm,1,10.0000,");
    }

    @Test
    void thePageEscapesAndDrawsEveryRowOfItsThreads() {
        String page = ComparisonPage.of(comparison());
        assertThat(page)
                .contains("gemm &quot;q&quot; &lt;b&gt;")
                .doesNotContain("<b>")
                .contains("not measured: gemm big");
        String svg = new Roofline(new Ceiling(1, 400, 20), comparison().rows()).toSvg();
        assertThat(svg.split("<title>", -1)).hasSize(1 + 2 * 2); // two rows, each with both sides
        assertThat(svg).doesNotContain("NaN").doesNotContain("Infinity");
    }

    @Test
    void replacesOnlyWhatLiesBetweenTheMarks() throws Exception {
        Path file = folder.resolve("page.md");
        Files.writeString(
                file, "before\n" + PeersCommand.SECTION.begin() + "\nold\n" + PeersCommand.SECTION.end() + "\nafter\n");
        PeersCommand.SECTION.replace(file, ComparisonText.markdown(comparison()));
        String text = Files.readString(file);
        assertThat(text).startsWith("before\n").endsWith("\nafter\n").doesNotContain("old");
        assertThat(text).contains("| gemm 4x5x6 | 2 | 10.0 ms | 40.0 ms | libtorch | 4.00 |");
        Files.writeString(file, "no marks");
        assertThatThrownBy(() -> PeersCommand.SECTION.replace(file, "x")).isInstanceOf(CommandException.class);
    }

    @Test
    void aMeasuringProcessEndsWithItsParent() throws Exception {
        PipedOutputStream parent = new PipedOutputStream();
        CountDownLatch ended = new CountDownLatch(1);
        ParentWatch.start(new PipedInputStream(parent), ended::countDown);
        parent.write(1);
        parent.flush();
        assertThat(ended.await(50, TimeUnit.MILLISECONDS)).isFalse();
        parent.close();
        assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void steadyStateIsTheFirstStepAsFastAsTheLast() {
        assertThat(StartupRows.steady(new double[] {1000, 1900, 2400, 2505, 2605, 2705, 2805}))
                .isEqualTo(2505);
        assertThat(StartupRows.steady(new double[] {1000})).isEqualTo(1000);
    }

    @Test
    void wrongOptionsAreRefusedBeforeAnythingRuns() throws Exception {
        assertThat(CommandLineRun.of("bench", "peers", "--rows", "gem").err()).contains("no rows 'gem'");
        assertThat(CommandLineRun.of("bench", "peers", "--pairs", "0").err()).contains("at least 1");
        assertThat(CommandLineRun.of("bench", "peers", "--heap", "big").err()).contains("--heap");
        for (String option : new String[] {"--json", "--csv", "--html", "--markdown", "--update"}) {
            assertThat(CommandLineRun.of("bench", "peers", option, folder.toString())
                            .err())
                    .contains(option + ": expected the path of a file that can be written, got " + folder);
        }
        assertThat(CommandLineRun.of("bench", "--json", folder.toString()).err())
                .contains("--json: expected the path");
        Path bare = Files.writeString(folder.resolve("bare.md"), "no marks");
        assertThat(CommandLineRun.of("bench", "peers", "--update", bare.toString())
                        .err())
                .contains(bare + ": expected the lines");
        assertThat(CommandLineRun.of(
                                "bench", "gpu", "--device", "cpu", "--docs", bare.toString(), "--out", folder + "/o")
                        .err())
                .contains(bare + ": expected the lines");
        assertThat(CommandLineRun.of("bench", "peers", "--list").out())
                .contains("gemm")
                .contains("training");
    }
}
