package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.CommandException;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Puts the results of an experiment's folder into a page of the documentation: the text between two
/// comments, and the plots into a folder beside the page that is named like it.
///
/// @param page  the Markdown file
/// @param tasks whose section is written, such as `language`
record DocsSection(Path page, List<String> tasks) {
    private static final String RESULTS = "results.md";
    private static final String PLOTS = "plots";

    String begin() {
        return "<!-- begin: written by retort reproduce laurel --tasks " + String.join(",", tasks) + " -->";
    }

    String end() {
        return "<!-- end: written by retort reproduce laurel --tasks " + String.join(",", tasks) + " -->";
    }

    /// Writes the section.
    ///
    /// @throws CommandException if the page lacks one of the comments
    void update(Path results) throws IOException {
        String old = Files.readString(page);
        int from = old.indexOf(begin());
        int to = old.indexOf(end(), Math.max(from, 0));
        if (from < 0 || to < 0) {
            throw new CommandException("--update: " + page + " lacks the lines '" + begin() + "' and '" + end() + "'");
        }
        String beside = page.getFileName().toString().replaceFirst("\\.md$", "");
        String text = section(Files.readString(results.resolve(RESULTS)), beside);
        write(page, old.substring(0, from + begin().length()) + "\n\n" + text + "\n\n" + old.substring(to));
        Path plots = results.resolve(PLOTS);
        if (Files.exists(plots)) {
            try (Stream<Path> files = Files.list(plots)) {
                for (Path plot : files.toList()) {
                    write(page.resolveSibling(beside).resolve(plot.getFileName()), Files.readString(plot));
                }
            }
        }
    }

    /// The results without their title, one level deeper.
    private static String section(String markdown, String plotFolder) {
        return markdown.substring(markdown.indexOf('\n') + 1)
                .strip()
                .replaceAll("(?m)^## ", "### ")
                .replace("](" + PLOTS + "/", "](" + plotFolder + "/");
    }

    private static void write(Path file, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        AtomicFile.write(file, channel -> {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        });
    }
}
