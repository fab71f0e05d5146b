package dev.retort.bench.peers;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The part of a Markdown file that the command writes, between two comments that stay where they are.
final class MarkedSection {
    static final String BEGIN = "<!-- begin: written by retort bench peers -->";
    static final String END = "<!-- end: written by retort bench peers -->";

    private MarkedSection() {}

    /// Puts `text` between the marks of `file`.
    ///
    /// @throws CommandException if the file lacks one of the marks
    static void replace(Path file, String text) throws IOException {
        String old = Files.readString(file);
        int begin = old.indexOf(BEGIN);
        int end = old.indexOf(END, Math.max(begin, 0));
        if (begin < 0 || end < 0) {
            throw new CommandException("--update: " + file + " lacks the lines '" + BEGIN + "' and '" + END + "'");
        }
        String changed = old.substring(0, begin + BEGIN.length()) + "\n\n" + text.strip() + "\n\n" + old.substring(end);
        ComparisonFiles.write(file, changed);
    }
}
