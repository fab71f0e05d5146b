package dev.retort.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }

    @Test
    void everyCommandHasADescriptionAndHelp() {
        for (CommandLine command : Main.commandLine().getSubcommands().values()) {
            assertThat(command.getCommandSpec().usageMessage().description())
                    .as(command.getCommandName())
                    .isNotEmpty();
            assertThat(run(command.getCommandName(), "--help")).isZero();
            assertThat(out.toString()).contains("retort " + command.getCommandName());
        }
    }

    @Test
    void versionIsTheMavenVersion() {
        assertThat(run("--version")).isZero();
        assertThat(out.toString()).matches("retort \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?\\R");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nosuch", "info --nosuch", "--json"})
    void wrongUsageEndsWithTwoAndSaysHow(String line) {
        assertThat(run(line.isEmpty() ? new String[0] : line.split(" "))).isEqualTo(2);
        assertThat(err.toString()).contains("Usage: retort");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void infoAsJsonNamesMachineAndBackends() {
        assertThat(run("info", "--no-speed", "--json")).isZero();
        JsonNode info = JsonMapper.shared().readTree(out.toString());
        assertThat(info.get("machine").get("cores").asInt())
                .isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(info.get("backends").has("cpu")).isTrue();
        assertThat(info.get("vector").get("floats").asInt()).isPositive();
    }

    @Test
    void infoAsTextNamesTheSameThings() {
        assertThat(run("info", "--no-speed")).isZero();
        assertThat(out.toString())
                .contains("retort ", "java ", "processor ", "vectors ", "memory ", "cpu ")
                .doesNotContain("speed");
    }

    /// A stream that takes some bytes and then none.
    private static StandardOutput full(int room, String reason) {
        return new StandardOutput(new OutputStream() {
            private int left = room;

            @Override
            public void write(int b) throws IOException {
                if (left-- <= 0) {
                    throw new IOException(reason);
                }
            }
        });
    }

    @Test
    void outputThatIsNotWrittenIsAFailure() {
        for (String[] one : new String[][] {{"No space left on device", "1"}, {"Broken pipe", "141"}}) {
            StandardOutput standard = full(4, one[0]);
            PrintWriter writer = standard.writer(StandardCharsets.UTF_8);
            writer.print("äö");
            writer.flush();
            assertThat(standard.exitCode(0, new PrintWriter(err, true))).isZero();
            writer.println("more");
            assertThat(standard.exitCode(0, new PrintWriter(err, true))).hasToString(one[1]);
            assertThat(standard.exitCode(2, new PrintWriter(err, true))).isEqualTo(2);
        }
        assertThat(err.toString().lines())
                .containsOnly("retort: the standard output could not be written: No space left on device")
                .hasSize(2);
    }

    @Test
    void failuresAreOneLineWithoutDebugAndATraceWithIt() {
        RuntimeException failure = new IllegalStateException("broken");
        new Failures(new PrintWriter(err), false).report(failure);
        assertThat(err.toString().lines())
                .containsExactly("retort: java.lang.IllegalStateException: broken (add --debug for the stack trace)");
        new Failures(new PrintWriter(err), true).report(failure);
        assertThat(err.toString()).contains("\tat " + MainTest.class.getName());
    }

    @Test
    void quotedTextBreaksNoLine() {
        new Failures(new PrintWriter(err), false).report(new CommandException("a.json: got 'x\r\n \u001b[31my'"));
        assertThat(err.toString().lines()).containsExactly("retort: a.json: got 'x [31my'");
    }

    @Test
    void failuresThatTheUserCanMendAreSaidInHisWords() {
        assertThat(Failures.describe(new NoSuchFileException("a.png"))).isEqualTo("no such file: a.png");
        assertThat(Failures.describe(new NotDirectoryException("here"))).isEqualTo("no such folder: here");
        assertThat(Failures.describe(new FileSystemException("a/b", null, "Not a directory")))
                .isEqualTo("a/b: Not a directory");
        assertThat(Failures.describe(new UncheckedIOException(new FormatException("idx: x: expects magic"))))
                .isEqualTo("idx: x: expects magic");
        assertThat(Failures.describe(new IOException("write x: No space left on device")))
                .isEqualTo("write x: No space left on device");
        assertThat(Failures.describe(new CommandException("no images in x"))).isEqualTo("no images in x");
        assertThat(Failures.describe(new OutOfMemoryError("Java heap space")))
                .contains("heap of", "RETORT_JAVA_OPTS=-Xmx");
        OutOfMemoryError named =
                catchThrowableOfType(OutOfMemoryError.class, () -> Tensor.zeros(DType.F64, Integer.MAX_VALUE - 8));
        assertThat(Failures.describe(named))
                .startsWith("tensor: F64 of 2,147,483,639 elements (16,383 MiB): ")
                .contains("RETORT_JAVA_OPTS=-Xmx");
    }
}
