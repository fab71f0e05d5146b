package dev.retort.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.layer.Linear;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    @TempDir
    private Path folder;

    private static void assertSameBits(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, tensor) -> {
            assertThat(actual.get(name).type()).as(name).isEqualTo(tensor.type());
            assertThat(actual.get(name).toDoubles()).as(name).isEqualTo(tensor.toDoubles());
        });
    }

    private ResumableRun uninterrupted() throws IOException {
        ResumableRun run = new ResumableRun(folder.resolve("whole.safetensors"), 0);
        run.run();
        assertThat(run.losses).hasSize(ResumableRun.STEPS);
        return run;
    }

    @Test
    void aRunStoppedAfterAnyStepGoesOnWithTheSameBits() throws IOException {
        ResumableRun whole = uninterrupted();
        for (int stop : new int[] {1, 3, 4, 5, 8, 11}) { // 4 and 8 are ends of epochs
            Path file = folder.resolve("stopped-" + stop + ".safetensors");
            ResumableRun first = new ResumableRun(file, stop);
            assertThatThrownBy(first::run).isInstanceOf(ResumableRun.Killed.class);
            ResumableRun second = new ResumableRun(file, 0);
            second.run();
            List<Double> losses = new ArrayList<>(first.losses);
            losses.addAll(second.losses);
            assertThat(losses).as("stopped after " + stop).isEqualTo(whole.losses);
            assertSameBits(second.state(), whole.state());
        }
    }

    @Test
    void aProcessKilledTwiceGoesOnWithTheSameBits() throws IOException, InterruptedException {
        ResumableRun whole = uninterrupted();
        Path file = folder.resolve("killed.safetensors");
        killAfterNextSave(file);
        killAfterNextSave(file);
        ResumableRun rest = new ResumableRun(file, 0);
        rest.run();
        assertThat(rest.losses.size()).isLessThan(ResumableRun.STEPS);
        assertThat(rest.losses)
                .isEqualTo(whole.losses.subList(ResumableRun.STEPS - rest.losses.size(), ResumableRun.STEPS));
        assertSameBits(rest.state(), whole.state());
    }

    /// Runs the program until it has saved a checkpoint (or has come to its end), then kills it without
    /// warning.
    private void killAfterNextSave(Path file) throws IOException, InterruptedException {
        byte[] before = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        ResumableRun.class.getName(),
                        file.toString()))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (process.isAlive() && System.nanoTime() < deadline) {
            if (Files.exists(file) && !Arrays.equals(Files.readAllBytes(file), before)) {
                break;
            }
            Thread.sleep(1);
        }
        process.destroyForcibly(); // SIGKILL, perhaps in the middle of writing the next checkpoint
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(file).as("the process wrote: %s", Files.readString(log)).exists();
    }

    private Checkpoint small(long seed) {
        Linear model = new Linear(2, 2, new Rng(seed));
        return new Checkpoint(folder.resolve("small.safetensors"))
                .with("model", model)
                .with("optimizer", new SGD(model.namedParameters(), SGD.Config.of(0.1)))
                .with("draws", new Rng(seed));
    }

    @Test
    void notesComeBackAndNoFileIsNoError() throws IOException {
        Checkpoint checkpoint = small(1);
        assertThat(checkpoint.load()).isEmpty();
        checkpoint.save(Map.of("epoch", 3, "accuracy", List.of(0.5, 0.25)));
        assertThat(small(1).load().orElseThrow().get("accuracy").asList().get(1).asDouble())
                .isEqualTo(0.25);
        assertThat(Safetensors.open(checkpoint.path()).names()).contains("model/weight", "optimizer/group.0.lr");
    }

    @Test
    void generatorsOfAnotherSeedAreRefused() throws IOException {
        small(1).save(Map.of());
        assertThatThrownBy(() -> small(2).load())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("part 'draws'")
                .hasMessageContaining("other seeds: rng");
    }

    @Test
    void otherPartsAreRefused() throws IOException {
        small(1).save(Map.of());
        Checkpoint other =
                new Checkpoint(folder.resolve("small.safetensors")).with("model", new Linear(2, 2, new Rng(1)));
        assertThatThrownBy(other::load)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expects the parts [model], got [model, optimizer, draws]");
        assertThatThrownBy(() -> small(1).with("model", new Linear(2, 2, new Rng(1))))
                .hasMessageContaining("expects new names without slash, got 'model'");
    }

    @Test
    void theOrderOfTheNotesDoesNotReachTheFile() throws IOException {
        Checkpoint checkpoint = small(1);
        Map<String, Object> notes = new LinkedHashMap<>();
        notes.put("b", 1);
        notes.put("a", 2);
        checkpoint.save(notes);
        byte[] first = Files.readAllBytes(checkpoint.path());
        checkpoint.save(new TreeMap<>(notes));
        assertThat(Files.readAllBytes(checkpoint.path())).isEqualTo(first);
    }

    @Test
    void damagedFilesAreErrorsAndWhatIsNoCheckpointToo() throws IOException {
        Checkpoint checkpoint = small(1);
        checkpoint.save(Map.of());
        byte[] whole = Files.readAllBytes(checkpoint.path());
        for (int length : new int[] {0, 7, 100, whole.length - 1}) {
            Files.write(checkpoint.path(), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> small(1).load()).as(length + " bytes").isInstanceOf(FormatException.class);
        }
        Safetensors.write(checkpoint.path(), Map.of("model/weight", Tensor.zeros(2, 2)));
        assertThatThrownBy(() -> small(1).load())
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects the format 'retort checkpoint 1', got 'none'");
        Safetensors.write(
                checkpoint.path(), Map.of(), Map.of("format", "retort checkpoint 1", "parts", "[]", "notes", "{"));
        assertThatThrownBy(() -> small(1).load())
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(checkpoint.path() + ": metadata: json: ");
    }
}
