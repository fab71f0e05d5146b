package dev.retort.bench.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.bench.CommandLineRun;
import dev.retort.distill.teacher.LogitsFile;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SelectCommandTest {
    static final List<String> NAMES = Selectors.NAMES;

    @TempDir
    private Path folder;

    @BeforeEach
    void files() throws IOException {
        LogitsFile.write(
                folder.resolve("logits.npy"), Random.normal(new Rng(1), 50, 4).mul(2), Map.of());
        LogitsFile.write(folder.resolve("embeddings.csv"), Random.normal(new Rng(2), 50, 3), Map.of());
        LogitsFile.write(folder.resolve("held.safetensors"), Random.normal(new Rng(3), 20, 4), Map.of());
        Files.write(
                folder.resolve("labels.txt"),
                IntStream.range(0, 20).mapToObj(i -> "" + i % 4).toList());
        Files.write(
                folder.resolve("done.txt"),
                IntStream.range(0, 30).mapToObj(String::valueOf).toList());
    }

    private CommandLineRun select(String... more) {
        List<String> all = new ArrayList<>(List.of("select", "--logits", file("logits.npy")));
        all.addAll(List.of(more));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @ParameterizedTest
    @FieldSource("NAMES")
    void everySelectorWritesItsChoice(String name) {
        CommandLineRun run = select(
                "--selector",
                name,
                "--budget",
                "8",
                "--embeddings",
                file("embeddings.csv"),
                "--teacher-accuracy",
                ".8");
        assertThat(run.code()).as(run.err()).isZero();
        List<String> lines = run.out().lines().toList();
        assertThat(lines).hasSize(9);
        assertThat(lines.getFirst()).isEqualTo("index,probability,score,partner,partner_weight,reason");
        assertThat(lines.stream()
                        .skip(1)
                        .map(line -> line.substring(0, line.indexOf(',')))
                        .distinct())
                .hasSize(8);
        CommandLineRun again = select(
                "--selector",
                name,
                "--budget",
                "8",
                "--embeddings",
                file("embeddings.csv"),
                "--teacher-accuracy",
                ".8");
        assertThat(again.out()).isEqualTo(run.out());
    }

    @Test
    void jsonSaysWhatIsCertain() throws IOException {
        CommandLineRun run = select(
                "-n",
                "5",
                "--json",
                "--skip",
                file("done.txt"),
                "--validation-logits",
                file("held.safetensors"),
                "--validation-labels",
                file("labels.txt"),
                "--out",
                file("chosen.json"));
        assertThat(run.code()).as(run.err()).isZero();
        assertThat(run.out()).contains("5 of 20 samples chosen by rad", "is certain", "chosen.json");
        JsonNode json = JsonMapper.shared().readTree(Files.readString(folder.resolve("chosen.json")));
        assertThat(json.get("worst_case_gain").asDouble())
                .isCloseTo(json.get("worst_case_bound").asDouble(), within(1e-9));
        assertThat(json.get("picks")).hasSize(5);
        for (JsonNode pick : json.get("picks")) {
            assertThat(pick.get("index").asInt())
                    .as("skipped positions are not chosen")
                    .isBetween(30, 49);
            assertThat(pick.get("probability").asDouble()).isBetween(1e-9, 1.0);
            assertThat(pick.get("reason").asString()).startsWith("margin gain 0.");
        }
        assertThat(select("-n", "70", "--selector", "uniform").out().lines()).hasSize(51);
        assertThat(select("-n", "0", "--selector", "margin").out().lines()).hasSize(1);
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws IOException {
        Map<String, String[]> wrong = Map.of(
                "rad needs the teacher's accuracy", new String[] {"-n", "5"},
                "core-set needs --embeddings", new String[] {"-n", "5", "--selector", "core-set"},
                "expected one of rad, rad-loss", new String[] {"-n", "5", "--selector", "best"},
                "budget of at least 0, got -1", new String[] {"-n", "-1", "--selector", "margin"},
                "got 1.5", new String[] {"-n", "5", "--teacher-accuracy", "1.5"},
                "either --logits or --model", new String[] {"-n", "5", "--model", "x"},
                "both of --validation-logits",
                        new String[] {"-n", "5", "--validation-logits", file("held.safetensors")});
        wrong.forEach((message, arguments) -> {
            CommandLineRun run = select(arguments);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains(message);
            assertThat(run.err().lines().filter(line -> !line.startsWith("WARNING")))
                    .hasSize(1);
        });
        Files.writeString(folder.resolve("nan.csv"), "1,2\n,3\n");
        CommandLineRun nan =
                CommandLineRun.of("select", "--logits", file("nan.csv"), "-n", "1", "--selector", "margin");
        assertThat(nan.err()).contains("select: " + file("nan.csv") + ": expected finite logits, got NaN in row 1");
        Files.writeString(folder.resolve("first.txt"), "\uFEFF0\n");
        CommandLineRun skipped = CommandLineRun.of(
                "select", "--logits", file("nan.csv"), "--skip", file("first.txt"), "-n", "1", "--selector", "margin");
        assertThat(skipped.err()).contains("got NaN in row 1");
        CommandLineRun missing =
                CommandLineRun.of("select", "--logits", file("gone.npy"), "-n", "1", "--selector", "margin");
        assertThat(missing.err()).contains("no such file", "gone.npy");
        assertThat(select().code()).as("a budget is needed").isEqualTo(2);
    }
}
