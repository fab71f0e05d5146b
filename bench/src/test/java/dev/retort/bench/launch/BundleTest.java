package dev.retort.bench.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// `./retort bundle` makes a folder that needs no installed Java and no environment.
@EnabledOnOs(OS.LINUX)
class BundleTest {
    private static final long LIMIT = 60L << 20;

    @TempDir
    private Path folder;

    @Test
    void theBundleRunsInAnEmptyEnvironment() throws Exception {
        Path launcher = Path.of("").toAbsolutePath().getParent().resolve("retort");
        Path bundle = folder.resolve("bundle");
        ProcessBuilder make = new ProcessBuilder(launcher.toString(), "bundle", bundle.toString());
        make.environment().put("RETORT_JAVA_HOME", System.getProperty("java.home"));
        JavaProcess made = JavaProcess.run(make);
        assertThat(made.code()).as(made.output()).isZero();
        assertThat(bytes(bundle)).isLessThan(LIMIT);

        ProcessBuilder run = new ProcessBuilder(
                "/usr/bin/env", "-i", bundle.resolve("retort").toString(), "info", "--no-speed");
        JavaProcess info = JavaProcess.run(run);
        assertThat(info.code()).as(info.output()).isZero();
        assertThat(info.output())
                .contains(bundle.resolve("java").toString())
                .contains("cpu")
                .contains("opencl");
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
