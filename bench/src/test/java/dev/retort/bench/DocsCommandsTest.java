package dev.retort.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.MissingParameterException;

/// Every command line in the README and in `docs` is one that the command understands.
class DocsCommandsTest {
    private static final Pattern LINE = Pattern.compile("\\./retort ([^`#|&\\\\\\n]+)");
    private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|\\S+");
    /// What the launcher does itself.
    private static final Set<String> LAUNCHER = Set.of("test", "build", "jars", "coverage", "bundle");

    private static List<Path> pages() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        Path root = Files.exists(here.resolve("README.md")) ? here : here.getParent();
        try (Stream<Path> docs = Files.list(root.resolve("docs"))) {
            return Stream.concat(
                            Stream.of(root.resolve("README.md")),
                            docs.filter(page -> page.toString().endsWith(".md")))
                    .toList();
        }
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            words.add(word.group(1) == null ? word.group() : word.group(1));
        }
        return words;
    }

    /// A bare name is a mention; `…` and NAME stand for something.
    private static void check(String line) {
        List<String> words = words(line);
        if (LAUNCHER.contains(words.getFirst()) || words.contains("…") || words.contains("NAME")) {
            return;
        }
        try {
            Main.commandLine().parseArgs(words.toArray(String[]::new));
        } catch (MissingParameterException e) {
            assertThat(words).as(e.getMessage()).hasSize(1);
        }
    }

    @Test
    void areUnderstood() throws IOException {
        int found = 0;
        for (Path page : pages()) {
            Matcher line = LINE.matcher(Files.readString(page));
            while (line.find()) {
                String text = line.group(1).strip();
                assertThatCode(() -> check(text))
                        .as(page.getFileName() + ": ./retort " + text)
                        .doesNotThrowAnyException();
                found++;
            }
        }
        assertThat(found).isGreaterThan(40);
    }
}
