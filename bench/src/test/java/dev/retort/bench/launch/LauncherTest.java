package dev.retort.bench.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        ProcessBuilder builder = new ProcessBuilder(command);
        withoutGitsVariables(builder);
        JavaProcess run = JavaProcess.run(builder);
        assertThat(run.code()).as(run.output()).isZero();
        return run.output().strip();
    }

    /// In a hook of git they name the repository that the tests come from; and nobody's settings sign or check.
    private static void withoutGitsVariables(ProcessBuilder builder) {
        builder.environment().keySet().removeIf(name -> name.startsWith("GIT_"));
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        builder.environment().put("GIT_CONFIG_NOSYSTEM", "1");
    }

    private static boolean hasGit() throws InterruptedException {
        try {
            return JavaProcess.run(new ProcessBuilder("git", "--version")).code() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /// A folder with the launcher alone, whose java prints what it is told.
    private Path printing() throws IOException {
        Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
        assertThat(java.toFile().setExecutable(true)).isTrue();
        Files.writeString(folder.resolve("release"), "JAVA_VERSION=\"25.0.3\"\n");
        Path root = Files.createDirectories(folder.resolve("root"));
        Files.copy(LAUNCHER, root.resolve("retort"), StandardCopyOption.COPY_ATTRIBUTES);
        return root;
    }

    /// The lines that it prints.
    private List<String> told(Path root, Map<String, String> variables) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(root.resolve("retort").toString(), "info");
        withoutGitsVariables(builder);
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "RETORT_JAVA_OPTS"));
        builder.environment().put("RETORT_JAVA_HOME", folder.toString());
        builder.environment().put("RETORT_NO_BUILD", "1");
        builder.environment().putAll(variables);
        return JavaProcess.run(builder).output().lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "RETORT_JAVA_OPTS"})
    void flagsOfTheUserCount(String variable) throws Exception {
        Path root = printing();
        String regions = "-XX:G1HeapRegionSize=1m";
        assertThat(told(root, Map.of())).contains("-XX:+UseG1GC", regions).anyMatch(f -> f.startsWith("-Xmx"));
        assertThat(told(root, Map.of(variable, "-XX:+UseZGC -Xlog:gc"))).doesNotContain("-XX:+UseG1GC", regions);
        assertThat(told(root, Map.of(variable, "-XX:+UseG1GC"))).contains(regions);
        assertThat(told(root, Map.of(variable, "-XX:G1HeapRegionSize=8m")))
                .contains("-XX:+UseG1GC")
                .doesNotContain(regions, "-Ddev.retort.region=1");
        assertThat(told(root, Map.of(variable, "-XX:+UseTransparentHugePages -XX:MaxGCPauseMillis=50")))
                .contains("-XX:+UseG1GC", regions);
        for (String size : List.of("-Xmx123m", "-XX:MaxRAMPercentage=10", "-XX:MaxHeapSize=123m")) {
            assertThat(told(root, Map.of(variable, size))).noneMatch(f -> f.startsWith("-Xms"));
        }
    }

    @Test
    void sourcesThatGitDoesNotKnowMakeACommitDirty() throws Exception {
        assumeTrue(hasGit(), "skipped: needs git");
        Path root = printing();
        git(root, "init", "-q");
        git(root, "add", "retort");
        git(root, "commit", "-q", "-m", "first");
        String commit = git(root, "rev-parse", "HEAD");

        Files.writeString(root.resolve("notes.txt"), "no source");
        assertThat(told(root, Map.of())).contains("-Ddev.retort.commit=" + commit);
        Path source =
                Files.createDirectories(root.resolve("tensor/src/main/java")).resolve("New.java");
        Files.writeString(source, "class New {}");
        assertThat(told(root, Map.of())).contains("-Ddev.retort.commit=" + commit + "-dirty");
    }
}
