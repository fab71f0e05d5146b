package dev.retort.tensor.cpu.fast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Without the vector module, or with the switch off, float32 ops still give the right results, after
/// one warning.
class VectorsTest {
    /// Prints the elements of a product of three.
    public static void main(String[] args) {
        Tensor a = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
        System.out.println(Arrays.toString(a.matmul(a).matmul(a).relu().toFloats()));
    }

    private static String run(String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), VectorsTest.class.getName()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    @Test
    void aMissingModuleIsSaidOnceWithTheFlagThatHelps() throws IOException, InterruptedException {
        String output = run();
        assertThat(output).contains("[37.0, 54.0, 81.0, 118.0]").containsOnlyOnce("--add-modules jdk.incubator.vector");
    }

    @Test
    void theSwitchTurnsVectorsOff() throws IOException, InterruptedException {
        String output = run("--add-modules", "jdk.incubator.vector", "-Ddev.retort.vector=off");
        assertThat(output).contains("[37.0, 54.0, 81.0, 118.0]").containsOnlyOnce("dev.retort.vector=off");
    }

    @Test
    void withTheModuleThereIsNoWarning() throws IOException, InterruptedException {
        String output = run("--add-modules", "jdk.incubator.vector", "-Ddev.retort.vector.bits=128");
        assertThat(output).contains("[37.0, 54.0").doesNotContain("reference kernels");
    }
}
