package dev.retort.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PagesTest {
    @TempDir
    private Path folder;

    private boolean granted(String setting) throws IOException {
        return Pages.granted(Files.writeString(folder.resolve("enabled"), setting + "\n"));
    }

    @Test
    void theBracketedChoiceGrantsHugePages() throws IOException {
        assertThat(granted("always [madvise] never")).isTrue();
        assertThat(granted("[always] madvise never")).isTrue();
        assertThat(granted("always madvise [never]")).isFalse();
        assertThat(Pages.granted(folder.resolve("missing"))).isFalse();
    }

    @Test
    void bothSidesAskForTheSamePages() throws IOException {
        assertThat(Pages.HUGE.javaFlags()).containsExactly("-XX:+UseTransparentHugePages");
        assertThat(Pages.HUGE.glibcTunable()).isEqualTo(":glibc.malloc.hugetlb=1");
        assertThat(Pages.SMALL.javaFlags()).isEmpty();
        assertThat(Pages.SMALL.glibcTunable()).isEmpty();
        assertThat(Pages.SMALL.available()).isEqualTo(Pages.SMALL);
    }

    @Test
    void theOptionTakesTwoWords() {
        CommandLineRun run = CommandLineRun.of("bench", "peers", "--pages", "medium");
        assertThat(run.err()).contains("--pages", "medium", "HUGE", "SMALL");
    }
}
