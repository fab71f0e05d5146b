package dev.retort.tensor.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every op in single precision agrees with the reference at the common vector widths below this
/// machine's too, and without vectors.
class CatalogVectorWidthTest {
    @ParameterizedTest
    @ValueSource(strings = {"-Ddev.retort.vector.bits=128", "-Ddev.retort.vector.bits=256", "-Ddev.retort.vector=off"})
    void agreesWithTheReference(String flag) throws IOException, InterruptedException {
        assertAgrees("", flag);
    }

    /// Convolutions at the widths and with the algorithms that are not this machine's choice.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "-Ddev.retort.vector.bits=256 -Ddev.retort.winograd=f2",
                "-Ddev.retort.vector.bits=128 -Ddev.retort.winograd=f2",
                "-Ddev.retort.winograd=f2",
                "-Ddev.retort.winograd=off"
            })
    void convolutionsAgreeWithTheReference(String flags) throws IOException, InterruptedException {
        assertAgrees("conv2d", flags.split(" "));
    }

    private static void assertAgrees(String ops, String... flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx1g", "--add-modules", "jdk.incubator.vector"));
        command.addAll(List.of(flags));
        command.add("-cp");
        command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(Precision.class.getName());
        command.add(ops);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains(" samples agree, 0 do not");
    }
}
