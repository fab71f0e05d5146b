package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.train.Checkpoint;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A process that trains on the device is killed without warning, and another one goes on: the end is the same,
/// bit for bit.
class KillOpenClTest {
    private static final int STEPS = 40;

    @Test
    void aKilledTrainingGoesOnWithTheSameBits(@TempDir Path folder) throws IOException, InterruptedException {
        TestDevice.required();
        Path whole = folder.resolve("whole.safetensors");
        Path cut = folder.resolve("cut.safetensors");

        train(whole);
        Process killed = start(cut);
        try (BufferedReader lines = killed.inputReader(StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null && !line.equals("step 5")) {
                line = lines.readLine();
            }
            assertThat(line).as("the process got to step 5").isNotNull();
            killed.destroyForcibly();
        }
        assertThat(killed.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(Files.readAllBytes(cut))
                .as("the process was killed before its end")
                .isNotEqualTo(Files.readAllBytes(whole));
        train(cut);

        assertThat(Files.readAllBytes(cut)).isEqualTo(Files.readAllBytes(whole));
    }

    private static Process start(Path file) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OtherProcess.class.getName(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
    }

    /// What the killed process runs.
    static final class OtherProcess {
        private OtherProcess() {}

        /// Trains with a checkpoint at the given path.
        public static void main(String[] args) throws IOException {
            train(Path.of(args[0]));
        }
    }

    private static void train(Path file) throws IOException {
        Device device = TestDevice.required();
        SmallCnn network = new SmallCnn(SmallCnn.Config.of(1, 10, 4, 8, 8), new Rng(1));
        network.to(device);
        network.train();
        AdamW optimizer = new AdamW(network.namedParameters(), Adam.Config.of(0.003));
        Rng data = new Rng(5);
        Checkpoint checkpoint = new Checkpoint(file)
                .with("model", network)
                .with("optimizer", optimizer)
                .with("data", data);
        Optional<Json.Obj> notes = checkpoint.load();
        long done = notes.isPresent() ? notes.get().get("step").asLong() : 0;
        for (long step = done; step < STEPS; step++) {
            Tensor x = Random.normal(data, 8, 1, 16, 16).to(device);
            Tensor y = Tensor.of(new long[] {0, 1, 2, 3, 4, 5, 6, 7}).to(device);
            optimizer.zeroGrad();
            Losses.crossEntropy(network.call(x), y).mean().backward();
            optimizer.step();
            checkpoint.save(Map.of("step", step + 1));
            System.out.println("step " + (step + 1));
        }
    }
}
