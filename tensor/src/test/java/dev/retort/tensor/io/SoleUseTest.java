package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoleUseTest {
    /// Tries to get the right, and says with its exit code whether it did.
    static final class Other {
        public static void main(String[] args) throws IOException {
            System.exit(SoleUse.of(Path.of(args[0])) == null ? 3 : 0);
        }
    }

    private static int other(Path file) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path")
                                + System.getProperty("path.separator")
                                + classes(SoleUse.class)
                                + System.getProperty("path.separator")
                                + classes(SoleUseTest.class),
                        Other.class.getName(),
                        file.toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private static Path classes(Class<?> type) throws IOException {
        return Path.of(java.net.URI.create(
                type.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    @Test
    void aRefusedUserHereDoesNotDropTheLockForOtherProcesses(@TempDir Path folder)
            throws IOException, InterruptedException {
        Path file = folder.resolve("x.lock");
        try (SoleUse use = SoleUse.of(file)) {
            assertThat(use).isNotNull();
            assertThat(SoleUse.of(file)).isNull();
            assertThat(SoleUse.of(folder.resolve(".").resolve("x.lock"))).isNull();
            assertThat(other(file)).isEqualTo(3);
        }
        assertThat(other(file)).isZero();
        try (SoleUse again = SoleUse.of(file)) {
            assertThat(again).isNotNull();
        }
    }

    @Test
    void whatWasGivenUpTwiceIsNotTakenFromTheNext(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("x.lock");
        SoleUse first = SoleUse.of(file);
        assertThat(first).isNotNull();
        first.close();
        try (SoleUse second = SoleUse.of(file)) {
            first.close();
            assertThat(second).isNotNull();
            assertThat(SoleUse.of(file)).isNull();
        }
    }

    @Test
    void aFolderIsNoLockFile(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> SoleUse.of(folder)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> SoleUse.of(folder.resolve("missing").resolve("x")))
                .isInstanceOf(IOException.class);
        Files.createDirectory(folder.resolve("missing"));
        try (SoleUse use = SoleUse.of(folder.resolve("missing").resolve("x"))) {
            assertThat(use).isNotNull();
        }
    }
}
