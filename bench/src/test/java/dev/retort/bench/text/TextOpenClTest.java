package dev.retort.bench.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.retort.bench.CommandLineRun;
import dev.retort.tensor.Backends;
import dev.retort.tensor.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `train-lm` and `generate` on an OpenCL device against the same on the CPU.
///
/// Without a device the tests fail where `CI` is set, and are skipped loudly elsewhere.
class TextOpenClTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void needsADevice() {
        boolean found = Backends.providers().stream()
                .anyMatch(p -> p.type().equals("opencl") && !p.backends().isEmpty());
        if (!found && System.getenv("CI") != null) {
            fail("no OpenCL device (apt-get install pocl-opencl-icd)");
        }
        if (!found) {
            System.err.println("SKIPPED, train-lm and generate --device opencl are not tested: no device");
            Assumptions.abort("no OpenCL device");
        }
    }

    private Path train(String device) throws Exception {
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "the cat sat on the mat; the dog sat on the log. ".repeat(60));
        Path out = folder.resolve(device + ".safetensors");
        CommandLineRun run = CommandLineRun.of(("train-lm --steps 12 --batch 4 --context 16 --width 16 --layers 1"
                        + " --heads 2 --lr 0.01 --in " + text + " --out " + out + " --device " + device)
                .split(" "));
        assertThat(run.code()).as(run.err()).isZero();
        return out;
    }

    private String generated(Path model, String device, String... more) {
        String options = String.join(" ", more);
        CommandLineRun run = CommandLineRun.of(
                ("generate --model " + model + " --tokens 30 --device " + device + " " + options + " the_cat")
                        .split(" "));
        assertThat(run.code()).as(run.err()).isZero();
        return run.out();
    }

    @Test
    void agreeWithTheCpu() throws Exception {
        Path cpu = train("cpu");
        Path device = train("opencl");
        Safetensors own = Safetensors.open(device);
        Safetensors other = Safetensors.open(cpu);
        assertThat(own.names()).isEqualTo(other.names());
        for (String name : own.names()) {
            assertThat(own.load(name).sub(other.load(name)).abs().amax().item())
                    .as(name)
                    .isLessThan(1e-3);
        }
        for (String way : new String[] {"--temperature 0", "--beams 3", "--top-k 5 --seed 4"}) {
            assertThat(generated(cpu, "opencl", way.split(" ")))
                    .as(way)
                    .isEqualTo(generated(cpu, "cpu", way.split(" ")));
        }
    }
}
