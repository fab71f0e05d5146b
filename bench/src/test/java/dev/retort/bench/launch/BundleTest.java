package dev.retort.bench.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        // What is tested has just been built; a build here would replace classes that other tests load.
        make.environment().put("RETORT_NO_BUILD", "1");
        JavaProcess made = JavaProcess.run(make);
        assertThat(made.code()).as(made.output()).isZero();
        assertThat(bytes(bundle)).isLessThan(LIMIT);

        assertThat(runs(bundle, "info --no-speed"))
                .contains(bundle.resolve("java").toString())
                .contains("cpu")
                .contains("opencl");
        Path out = folder.resolve("out");
        assertThat(runs(
                        bundle,
                        "distill --labels 40 --validation 40 --unlabelled 100 --seeds 1 --teacher-epochs 1 --epochs 1"
                                + " --teacher mlp:32 --student mlp:16 --methods hard --out " + out))
                .contains("did best");
        assertThat(out.resolve("report.html")).content().contains("<svg");
        assertThat(out.resolve("results.json")).isNotEmptyFile();
    }

    /// What a command of the bundle prints that ran without any environment.
    private static String runs(Path bundle, String command) throws Exception {
        List<String> all = new ArrayList<>(
                List.of("/usr/bin/env", "-i", bundle.resolve("retort").toString()));
        all.addAll(List.of(command.split(" ")));
        JavaProcess run = JavaProcess.run(new ProcessBuilder(all));
        assertThat(run.code()).as(run.output()).isZero();
        return run.output();
    }

    private static long bytes(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }
}
