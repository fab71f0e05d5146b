package dev.retort.bench.reproduce;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A part of a Markdown file that a command writes: what is between `<!-- reproduce NAME -->` and
/// `<!-- end of NAME -->`.
final class MarkdownSection {
    private MarkdownSection() {}

    /// Puts other text between the marks.
    ///
    /// @throws CommandException if the file has not both marks, in this order
    static void replace(Path file, String name, String content) throws IOException {
        String start = "<!-- reproduce " + name + " -->";
        String end = "<!-- end of " + name + " -->";
        String text = Files.readString(file);
        int from = text.indexOf(start);
        int to = text.indexOf(end);
        if (from < 0 || to < from) {
            throw new CommandException(
                    file + ": expected the lines '" + start + "' and '" + end + "', between which the tables go");
        }
        String before = text.substring(0, from + start.length());
        CellFiles.write(file, before + "\n" + content.strip() + "\n" + text.substring(to));
    }
}
