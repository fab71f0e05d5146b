package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.MarkedSection;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
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
    /// @throws dev.retort.bench.CommandException if the page lacks one of the comments
    void update(Path results) throws IOException {
        String beside = page.getFileName().toString().replaceFirst("\\.md$", "");
        String text = section(Files.readString(results.resolve(RESULTS)), beside);
        new MarkedSection(begin(), end()).replace(page, text);
        Path plots = results.resolve(PLOTS);
        if (Files.exists(plots)) {
            try (Stream<Path> files = Files.list(plots)) {
                for (Path plot : files.toList()) {
                    AtomicFile.write(page.resolveSibling(beside).resolve(plot.getFileName()), Files.readAllBytes(plot));
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
}
