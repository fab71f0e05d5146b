package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Java runtime without the module `java.desktop` reads everything but PNG and JPEG, and says so.
class WithoutDesktopTest {
    @TempDir
    Path folder;

    /// Reads IDX, CIFAR and CSV files of a folder, then an image.
    static final class ReadAll {
        private ReadAll() {}

        @SuppressWarnings("SystemOut") // the parent process reads it
        public static void main(String[] args) throws IOException {
            Path folder = Path.of(args[0]);
            System.out.println(Idx.read(folder.resolve("images"), folder.resolve("labels"), List.of())
                    .get(1)
                    .input()
                    .shape());
            System.out.println(Cifar.read10(List.of(folder.resolve("cifar"))).size());
            System.out.println(
                    CsvDataset.classification(folder.resolve("csv"), "y").size());
            System.out.println(
                    ImageFolder.open(folder.resolve("pictures"), 1, 2, 2).classNames());
            try {
                ImageFiles.read(folder.resolve("pictures/a/1.png"), 3);
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void theOtherFormatsAreRead() throws Exception {
        Files.write(folder.resolve("images"), IdxTest.idx(8, new int[] {2, 3, 4}, IdxTest.pixels(24)));
        Files.write(folder.resolve("labels"), IdxTest.idx(8, new int[] {2}, new byte[2]));
        Files.write(folder.resolve("cifar"), CifarTest.records(1, 3, 4));
        Files.writeString(folder.resolve("csv"), "x,y\n1,a\n");
        Files.createDirectories(folder.resolve("pictures/a"));
        Files.write(folder.resolve("pictures/a/1.png"), new byte[10]);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--limit-modules",
                        "java.base,java.net.http,jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ReadAll.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines().filter(line -> !line.startsWith("WARNING")))
                .containsExactly(
                        "[1, 3, 4]",
                        "2",
                        "1",
                        "[a]",
                        "image: expects the Java module java.desktop, which decodes PNG and JPEG: use a full Java"
                                + " runtime, or --add-modules java.desktop; IDX and CIFAR files need neither");
    }
}
