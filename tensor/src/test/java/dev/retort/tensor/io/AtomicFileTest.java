package dev.retort.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aFileIsWrittenAndReplaced() throws IOException {
        Path target = folder.resolve("new/deep/a");
        AtomicFile.write(target, new byte[] {1, 2, 3});
        assertThat(target).hasBinaryContent(new byte[] {1, 2, 3});
        AtomicFile.write(target, new byte[] {4});
        assertThat(target).hasBinaryContent(new byte[] {4});
        try (Stream<Path> files = Files.list(target.getParent())) {
            assertThat(files).containsExactly(target);
        }
    }

    @Test
    void aFailureLeavesTheOldFileAndNothingElse() throws IOException {
        Path target = folder.resolve("a");
        AtomicFile.write(target, new byte[] {1});
        assertThatThrownBy(() -> AtomicFile.write(target, channel -> {
                    channel.write(ByteBuffer.wrap(new byte[] {9, 9}));
                    throw new IOException("disk full");
                }))
                .hasMessage("write " + target + ": disk full");
        assertThatThrownBy(() -> AtomicFile.write(target, _ -> {
                    throw new IllegalStateException("bug");
                }))
                .hasMessage("bug");
        assertThat(target).hasBinaryContent(new byte[] {1});
        assertThat(names()).containsExactly("a");
    }

    @Test
    void aLinkKeepsPointingToItsTarget() throws IOException {
        Path real = folder.resolve("real");
        Files.write(real, new byte[] {1});
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        AtomicFile.write(link, new byte[] {2});
        assertThat(link).isSymbolicLink();
        assertThat(real).hasBinaryContent(new byte[] {2});
    }

    /// As root a rename would put a file in the place of a device such as `/dev/null`; a pipe stands for it here.
    @Test
    void whatIsNoFileIsNotReplaced() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertThatThrownBy(() -> AtomicFile.write(pipe, new byte[1]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("got a device or a pipe");
        assertThat(Files.isRegularFile(pipe)).isFalse();
        assertThat(names()).containsExactly("pipe");
    }

    @Test
    void aFolderIsNoTarget() {
        assertThatThrownBy(() -> AtomicFile.write(folder, new byte[1]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("got a folder");
    }

    private void left(String name, long secondsAgo) throws IOException {
        Path file = Files.write(folder.resolve(name), new byte[10]);
        Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis() - 1000 * secondsAgo));
    }

    @Test
    void whatAKilledWriterLeftIsDeletedOnceItIsOld() throws IOException {
        long living = ProcessHandle.current().pid();
        String dead = "99999999"; // above the largest number of a process on Linux
        left(".a." + living + "-1001.tmp", 120);
        left(".a." + living + "-1002.tmp", 20);
        left(".a." + dead + "-1.tmp", 20);
        left(".a." + dead + "-2.tmp", 0);
        left(".a.99999999999999999999-1.tmp", 20);
        left(".ab." + dead + "-1.tmp", 1_000_000);
        String[] kept = {".a." + living + "-1002.tmp", ".a." + dead + "-2.tmp", ".ab." + dead + "-1.tmp", "a"};
        AtomicFile.write(folder.resolve("a"), new byte[1]);
        assertThat(names()).containsExactlyInAnyOrder(kept);
        left(".a." + dead + "-3.tmp", 20);
        AtomicFile.delete(folder.resolve("a"));
        AtomicFile.delete(folder.resolve("gone/a"));
        assertThat(names()).containsExactlyInAnyOrder(java.util.Arrays.copyOf(kept, 3));
    }

    /// Writes one file slowly; arguments: the path of the file, and one that appears when it has begun.
    static final class SlowWriter {
        private SlowWriter() {}

        public static void main(String[] args) throws IOException {
            AtomicFile.write(Path.of(args[0]), channel -> {
                channel.write(ByteBuffer.wrap(new byte[] {1}));
                Files.createFile(Path.of(args[1]));
                java.util.concurrent.locks.LockSupport.parkNanos(200_000_000);
                channel.write(ByteBuffer.wrap(new byte[] {2}));
            });
            java.util.concurrent.locks.LockSupport.park();
        }
    }

    @Test
    void aProcessThatIsToldToEndFinishesItsFile() throws Exception {
        Path target = folder.resolve("a");
        Path begun = folder.resolve("begun");
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        SlowWriter.class.getName(),
                        target.toString(),
                        begun.toString())
                .inheritIO()
                .start();
        while (!Files.exists(begun) && writer.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        writer.destroy();
        assertThat(writer.waitFor()).isEqualTo(143);
        assertThat(target).hasBinaryContent(new byte[] {1, 2});
        assertThat(names()).containsExactly("a", "begun");
    }

    /// Writes the same file again and again until it is killed; argument: the path.
    static final class EndlessWriter {
        static final int LENGTH = 2_000_000;

        private EndlessWriter() {}

        public static void main(String[] args) throws IOException {
            for (int value = 1; ; value++) {
                int[] data = new int[LENGTH];
                java.util.Arrays.fill(data, value);
                Safetensors.write(Path.of(args[0]), Map.of("data", Tensor.wrap(DType.I32, data, LENGTH)));
            }
        }
    }

    @Test
    void aKilledWriterLeavesAWholeFile() throws Exception {
        Path target = folder.resolve("model.safetensors");
        Safetensors.write(target, Map.of("data", Tensor.zeros(DType.I32, EndlessWriter.LENGTH)));
        for (int kill = 0; kill < 5; kill++) {
            FileTime before = Files.getLastModifiedTime(target);
            Process writer = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            EndlessWriter.class.getName(),
                            target.toString())
                    .inheritIO()
                    .start();
            // At least one file is whole, so the kill hits a later one at a moment that differs from round to round.
            while (Files.getLastModifiedTime(target).equals(before) && writer.isAlive()) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            TimeUnit.MILLISECONDS.sleep(kill * 7L);
            assertThat(writer.isAlive()).isTrue();
            writer.destroyForcibly().waitFor();
            Tensor read = Safetensors.open(target).load("data");
            assertThat(read.shape()).isEqualTo(Shape.of(EndlessWriter.LENGTH));
            int[] data = read.toHost().ints();
            assertThat(data).containsOnly(data[0]);
            assertThat(data[0]).isPositive();
        }
    }
}
