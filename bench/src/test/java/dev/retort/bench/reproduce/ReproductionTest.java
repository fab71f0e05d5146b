package dev.retort.bench.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.CommandException;
import dev.retort.bench.FolderLock;
import dev.retort.bench.report.Document;
import dev.retort.bench.report.Statistics;
import dev.retort.tensor.cpu.Parallel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReproductionTest {
    @TempDir
    private Path folder;

    /// Accuracy of method `b` is a point above that of `a`, and grows with x and the seed.
    private static class Toy implements Experiment {
        final List<String> ran = new ArrayList<>();
        String data = "toy";

        @Override
        public String name() {
            return "toy";
        }

        @Override
        public String title() {
            return "A toy";
        }

        @Override
        public Map<String, String> configuration() {
            return Map.of("data", data);
        }

        @Override
        public List<Cell> cells() {
            List<Cell> cells = new ArrayList<>();
            for (String x : List.of("10", "20")) {
                for (String method : List.of("a", "b")) {
                    cells.add(Cell.of("x", x, "method", method));
                }
            }
            return cells;
        }

        @Override
        public int seeds() {
            return 3;
        }

        @Override
        public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
            ran.add(cell + " " + seed);
            Files.createDirectories(run.scratch());
            Files.writeString(run.scratch().resolve("checkpoint"), "half");
            double accuracy = Double.parseDouble(cell.get("x")) / 100 + .1 * seed;
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("accuracy", cell.is("method", "b") ? accuracy + .01 + .001 * seed : accuracy);
            metrics.put("cost", 2.0);
            return metrics;
        }

        @Override
        public void report(Grid results, Document document) {
            Tables.shares(document, results, "method", results.cells(), "x", "accuracy");
            Tables.plot(document, "toy", results, results.cells(), "x", "method", "accuracy", "Over x.");
            List<Cell> last = results.cells(cell -> cell.is("x", "20"));
            Tables.compared(document, results, last, last.getFirst(), "method", List.of("accuracy", "cost"));
            document.paragraph(Tables.verdict(results, last, "accuracy", cell -> cell.get("method")));
        }
    }

    private int run(Experiment experiment, String... arguments) throws IOException {
        return run(new StringWriter(), experiment, arguments);
    }

    private int run(StringWriter out, Experiment experiment, String... arguments) throws IOException {
        String[] all = Stream.concat(Stream.of("--folder", folder.resolve("toy").toString()), Stream.of(arguments))
                .toArray(String[]::new);
        ReproduceOptions options = CommandLine.populateCommand(new ReproduceOptions(), all);
        return Reproduction.run(experiment, options, new PrintWriter(out, true));
    }

    @Test
    void collectedTablesSayWithWhatTheRunsWereComputed() throws IOException {
        int before = Parallel.threads();
        try {
            run(new Toy(), "--threads", "1", "--seeds", "2");
            run(new Toy(), "--threads", "2", "--collect", "--seeds", "2");
            Path results = folder.resolve("toy/results.json");
            JsonNode one = JsonMapper.shared().readTree(Files.readString(results));
            assertThat(one.at("/provenance/threads").stringValue()).isEqualTo("1");
            assertThat(one.at("/provenance/retort").stringValue()).isNotBlank();

            run(new Toy(), "--threads", "2");
            JsonNode both = JsonMapper.shared().readTree(Files.readString(results));
            assertThat(both.at("/provenance/threads").stringValue()).isEqualTo("1; 2");
        } finally {
            Parallel.setThreads(before);
        }
    }

    @Test
    void writesJsonCsvMarkdownAndASelfContainedPage() throws IOException {
        StringWriter out = new StringWriter();
        assertThat(run(out, new Toy())).isZero();

        Path results = folder.resolve("toy");
        assertThat(out.toString()).contains("# A toy", "12 of 12 runs", "| b |", "report.html");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(results.resolve("results.json")));
        assertThat(json.get("cells")).hasSize(4);
        assertThat(json.at("/cells/1/cell/method").stringValue()).isEqualTo("b");
        assertThat(json.at("/cells/1/metrics/accuracy/mean").doubleValue()).isCloseTo(.312, within(1e-12));
        assertThat(json.at("/cells/1/metrics/accuracy/values")).hasSize(3);
        assertThat(json.at("/provenance/data").stringValue()).isEqualTo("toy");
        assertThat(results.resolve("results.csv"))
                .content()
                .startsWith("x,method,seed,accuracy,cost,seconds\n10,a,1,0.2,2.0,")
                .hasLineCount(13);
        assertThat(results.resolve("results.md"))
                .content()
                .contains("| method | x 10 | x 20 |", "![Over x.](plots/toy.svg)", "| --- | ---: | ---: |")
                .contains("+1.20 ± 0.25 (p 0.002, 3/3)", "b has the highest mean, 41.20 ±")
                .contains("clear (paired t test, p < 0.05 after Holm's correction) against a (+1.20 points)");
        assertThat(results.resolve("report.html"))
                .content()
                .contains("<svg", "<h1>A toy</h1>")
                .doesNotContain("<script", "http://", "https://");
        assertThat(results.resolve("plots/toy.svg"))
                .content()
                .startsWith("<svg xmlns=")
                .contains("<style>");
        assertThat(results.resolve("scratch")).isEmptyDirectory();
    }

    /// A crash in the middle of the third run, and again: nothing that is finished runs again.
    @Test
    void goesOnWhereItWasKilled() throws IOException {
        Toy killed = new Toy() {
            @Override
            public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
                Map<String, Double> metrics = super.run(cell, seed, run);
                if (ran.size() == 3) {
                    throw new OutOfMemoryError("killed");
                }
                return metrics;
            }
        };
        assertThatThrownBy(() -> run(killed)).isInstanceOf(OutOfMemoryError.class);
        Path scratch = folder.resolve("toy/scratch");
        assertThat(scratch).isDirectoryRecursivelyContaining("glob:**/checkpoint");
        Toy rest = new Toy();
        assertThat(run(rest)).isZero();
        assertThat(rest.ran).hasSize(10).doesNotContain(killed.ran.get(0), killed.ran.get(1));
        assertThat(rest.ran.getFirst()).isEqualTo(killed.ran.get(2));
        Toy nothing = new Toy();
        run(nothing);
        assertThat(nothing.ran).isEmpty();
        run(nothing, "--seeds", "4");
        assertThat(nothing.ran).as("a further seed runs alone").hasSize(4).allMatch(name -> name.endsWith(" 4"));
        assertThat(run(new Toy(), "--collect", "--seeds", "9")).isZero();
        assertThat(folder.resolve("toy/results.md")).content().contains("16 of 36 runs (20 runs are still to be done)");
    }

    @Test
    void oneFailedRunIsToldAndTheOthersGoOn() throws IOException {
        Toy failing = new Toy() {
            @Override
            public Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
                Map<String, Double> metrics = super.run(cell, seed, run);
                if (seed == 2 && cell.is("method", "b")) {
                    metrics.put("accuracy", Double.NaN);
                }
                return metrics;
            }
        };
        assertThat(run(failing)).isEqualTo(1);
        assertThat(failing.ran).hasSize(12);
        Toy repaired = new Toy();
        assertThat(run(repaired)).isZero();
        assertThat(repaired.ran).containsExactly("x=10 method=b 2", "x=20 method=b 2");
    }

    @Test
    void aFolderOfSomethingElseIsRefused() throws IOException {
        run(new Toy());
        Toy other = new Toy();
        other.data = "other";
        assertThatThrownBy(() -> run(other))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("data: expected \"other\", found \"toy\"");
        assertThat(other.ran).isEmpty();
        Path stray = Files.createDirectories(folder.resolve("thesis"));
        Files.writeString(stray.resolve("thesis.txt"), "three years");
        assertThatThrownBy(() -> run(new Toy(), "--folder", stray.toString())).isNotNull();
        assertThat(stray.resolve("thesis.txt")).hasContent("three years");
    }

    @Test
    void damagedAndForeignFilesOfRunsAreNamed() throws IOException {
        run(new Toy());
        Path cell;
        try (Stream<Path> cells = Files.list(folder.resolve("toy/cells"))) {
            cell = cells.sorted().findFirst().orElseThrow();
        }
        for (byte[] damaged : List.of("{\"cell\":".getBytes(StandardCharsets.UTF_8), new byte[] {(byte) 0xFF, '{'})) {
            Files.write(cell, damaged);
            assertThatThrownBy(() -> run(new Toy()))
                    .hasMessageContaining(cell.toString())
                    .hasMessageContaining("delete it");
        }
        Files.writeString(cell, "{\"cell\": {\"x\": \"99\"}, \"seed\": 1, \"metrics\": {}}");
        assertThatThrownBy(() -> run(new Toy())).hasMessageContaining("it says something else");
        Files.delete(cell);
        Toy again = new Toy();
        run(again);
        assertThat(again.ran).hasSize(1);
    }

    @Test
    void tablesGoIntoASectionOfADocument() throws IOException {
        Path page = folder.resolve("page.md");
        Files.writeString(page, "# Mine\n<!-- reproduce toy -->\nold\n<!-- end of toy -->\nrest\n");
        run(new Toy(), "--into", page.toString());
        assertThat(page)
                .content()
                .startsWith("# Mine\n<!-- reproduce toy -->\n\n### A toy\n")
                .endsWith("<!-- end of toy -->\nrest\n")
                .contains("| b |")
                .doesNotContain("old", "![");
        run(new Toy(), "--into", page.toString());
        assertThat(page).content().containsOnlyOnce("### A toy");
        Files.writeString(page, "nothing");
        assertThatThrownBy(() -> run(new Toy(), "--into", page.toString()))
                .hasMessageContaining("<!-- reproduce toy -->");
        assertThat(page).hasContent("nothing");
    }

    @Test
    void twoProcessesDoNotShareAFolder() throws IOException {
        try (FolderLock _ = FolderLock.of("--out", folder.resolve("toy"))) {
            assertThatThrownBy(() -> run(new Toy())).hasMessageContaining("another process is working");
        }
        assertThat(run(new Toy())).isZero();
    }

    @Test
    void differencesUseTheSeedsThatBothHave() {
        Cell a = Cell.of("method", "a");
        Cell b = Cell.of("method", "b");
        Grid grid = new Grid(List.of(a, b), 3);
        grid.put(a, 1, new Outcome(Map.of("accuracy", .5), 1, Map.of()));
        grid.put(a, 3, new Outcome(Map.of("accuracy", .7), 1, Map.of()));
        grid.put(b, 2, new Outcome(Map.of("accuracy", .9), 1, Map.of()));
        grid.put(b, 3, new Outcome(Map.of("accuracy", .8), 1, Map.of()));
        Statistics.Difference d = grid.paired(b, a, "accuracy");
        assertThat(d.pairs()).isEqualTo(1);
        assertThat(d.mean()).isCloseTo(.1, within(1e-12));
        assertThat(grid.best(grid.cells(), "accuracy")).isEqualTo(b);
        assertThat(grid.best(grid.cells(), "missing")).isNull();
        assertThat(Tables.points(d)).isEqualTo("+10.00 (1 seed)");
    }

    @Test
    void theTimeLeftGoesByTheCellsOtherSeeds() {
        Cell slow = Cell.of("method", "slow");
        Cell quick = Cell.of("method", "quick");
        Cell unknown = Cell.of("method", "new");
        GridProgress progress = new GridProgress(9, System.err, 0, System::nanoTime);
        for (Cell cell : List.of(slow, quick, unknown)) {
            progress.planned(cell);
        }
        progress.found(slow, new Outcome(Map.of(), 100, Map.of()));
        progress.found(quick, new Outcome(Map.of(), 2, Map.of()));
        assertThat(progress.secondsLeft()).isCloseTo(100 + 2 + 51, within(1e-9));
        assertThat(GridProgress.duration(3675)).isEqualTo("1:01:15");
    }

    @Test
    void cellsOfStrangeNamesHaveFilesOfTheirOwn() {
        String one = Cell.of("method", "slam:bound=0.6/a").fileName();
        String other = Cell.of("method", "slam:bound=0.6 a").fileName();
        assertThat(one).isNotEqualTo(other).matches("[\\w.=-]+");
        assertThatThrownBy(() -> Cell.of("x")).hasMessageContaining("names and values");
        assertThatThrownBy(() -> Cell.of("x", "1").get("y")).hasMessageContaining("[x], got y");
    }
}
