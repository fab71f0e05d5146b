package dev.retort.bench.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.spi.Recorder;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A user's program computes a gradient on the class path and on the module path, with and without the
/// Vector API.
class PathsTest {
    private static final String VECTORS = "--add-modules=jdk.incubator.vector";

    /// d/dx sum(x * x) = 2x.
    private static final String PROGRAM = """
            package app;

            import dev.retort.tensor.Tensor;
            import java.util.Arrays;

            public final class Main {
                public static void main(String[] arguments) {
                    Tensor x = Tensor.of(new float[] {1, -2, 3}).requiresGrad(true);
                    x.mul(x).sum().backward();
                    System.out.println("gradient " + Arrays.toString(x.grad().toFloats()));
                }
            }
            """;

    @TempDir
    private static Path folder;

    private static Path tensor;
    private static Path autograd;
    private static Path app;

    @BeforeAll
    static void compile() throws IOException, URISyntaxException {
        tensor = home(Tensor.class);
        autograd = home(
                ServiceLoader.load(Recorder.class).findFirst().orElseThrow().getClass());
        Path source = Files.createDirectories(folder.resolve("source/app")).resolve("Main.java");
        Files.writeString(source, PROGRAM);
        Path module = Files.writeString(
                folder.resolve("source/module-info.java"), "module app { requires dev.retort.tensor; }");
        app = folder.resolve("classes");
        StringWriter messages = new StringWriter();
        int code = ToolProvider.findFirst("javac")
                .orElseThrow()
                .run(
                        new PrintWriter(messages),
                        new PrintWriter(messages),
                        "-p",
                        tensor.toString(),
                        "-d",
                        app.toString(),
                        source.toString(),
                        module.toString());
        assertThat(code).as(messages.toString()).isZero();
    }

    private static Path home(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static String path(Path... entries) {
        return String.join(
                File.pathSeparator,
                List.of(entries).stream().map(Path::toString).toList());
    }

    @Test
    void gradientsOnTheClassPath() throws Exception {
        JavaProcess run = JavaProcess.java(List.of(VECTORS, "-cp", path(app, tensor, autograd), "app.Main"));
        assertThat(run.output()).contains("gradient [2.0, -4.0, 6.0]");
        assertThat(run.code()).isZero();
    }

    @Test
    void gradientsOnTheModulePath() throws Exception {
        JavaProcess run = JavaProcess.java(List.of(VECTORS, "-p", path(app, tensor, autograd), "-m", "app/app.Main"));
        assertThat(run.output()).contains("gradient [2.0, -4.0, 6.0]");
        assertThat(run.code()).isZero();
    }

    @Test
    void withoutTheVectorApiTheNumbersAreTheSame() throws Exception {
        JavaProcess run = JavaProcess.java(List.of("-cp", path(app, tensor, autograd), "app.Main"));
        assertThat(run.output()).contains("gradient [2.0, -4.0, 6.0]");
        JavaProcess modular = JavaProcess.java(List.of("-p", path(app, tensor, autograd), "-m", "app/app.Main"));
        assertThat(modular.output()).contains("gradient [2.0, -4.0, 6.0]");
    }

    @Test
    void withoutAutogradTheErrorNamesTheArtifact() throws Exception {
        JavaProcess run = JavaProcess.java(List.of(VECTORS, "-cp", path(app, tensor), "app.Main"));
        assertThat(run.output()).contains("dev.retort:retort-autograd");
        assertThat(run.code()).isEqualTo(1);
        JavaProcess modular = JavaProcess.java(List.of(VECTORS, "-p", path(app, tensor), "-m", "app/app.Main"));
        assertThat(modular.output()).contains("dev.retort:retort-autograd");
    }
}
