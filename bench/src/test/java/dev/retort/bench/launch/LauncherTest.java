package dev.retort.bench.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The launcher `./retort` refuses an unsuitable JDK before it builds or starts anything.
@EnabledOnOs({OS.LINUX, OS.MAC})
class LauncherTest {
    private static final Path LAUNCHER =
            Path.of("").toAbsolutePath().getParent().resolve("retort");

    @TempDir
    private Path folder;

    private JavaProcess launchWithJdk(String version) throws IOException, InterruptedException {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        ProcessBuilder builder = new ProcessBuilder(LAUNCHER.toString(), "--version");
        builder.environment().put("RETORT_JAVA_HOME", folder.toString());
        return JavaProcess.run(builder);
    }

    @Test
    void anOldJdkIsNamedTogetherWithWhatIsNeeded() throws Exception {
        for (String version : new String[] {"17.0.15", "25.0.2", "25", "24.0.9"}) {
            JavaProcess run = launchWithJdk(version);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.output()).contains("no JDK 25.0.3 or newer", "(found: " + version + ")");
        }
    }

    @Test
    void aFolderWithoutAJdkIsNamed() throws Exception {
        ProcessBuilder builder = new ProcessBuilder(LAUNCHER.toString(), "--version");
        builder.environment().put("RETORT_JAVA_HOME", folder.resolve("nothing").toString());
        JavaProcess run = JavaProcess.run(builder);
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.output()).contains(folder.resolve("nothing").toString(), "25.0.3");
    }

    private String git(Path root, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("git", "-C", root.toString()));
        command.addAll(List.of("-c", "user.name=n", "-c", "user.email=e@example.org"));
        command.addAll(List.of(arguments));
        JavaProcess run = JavaProcess.run(new ProcessBuilder(command));
        assertThat(run.code()).as(run.output()).isZero();
        return run.output().strip();
    }

    /// What Java is told, by a java that prints it.
    private String told(Path root) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(root.resolve("retort").toString(), "info");
        builder.environment().put("RETORT_JAVA_HOME", folder.toString());
        builder.environment().put("RETORT_NO_BUILD", "1");
        return JavaProcess.run(builder).output();
    }

    @Test
    void sourcesThatGitDoesNotKnowMakeACommitDirty() throws Exception {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
        Path root = Files.createDirectories(folder.resolve("root"));
        Files.copy(LAUNCHER, root.resolve("retort"), StandardCopyOption.COPY_ATTRIBUTES);
        git(root, "init", "-q");
        git(root, "add", "retort");
        git(root, "commit", "-q", "-m", "first");
        String commit = git(root, "rev-parse", "HEAD");

        Files.writeString(root.resolve("notes.txt"), "no source");
        assertThat(told(root).lines()).contains("-Ddev.retort.commit=" + commit);
        Path source =
                Files.createDirectories(root.resolve("tensor/src/main/java")).resolve("New.java");
        Files.writeString(source, "class New {}");
        assertThat(told(root).lines()).contains("-Ddev.retort.commit=" + commit + "-dirty");
    }
}
