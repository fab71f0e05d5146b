package dev.retort.bench.report;

import dev.retort.bench.CommandException;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// The part of a Markdown file that a command writes, between two comments that stay where they are.
///
/// @param begin the comment before it
/// @param end   the comment behind it
public record MarkedSection(String begin, String end) {
    /// Puts `text` between the marks of `file`.
    ///
    /// @throws CommandException if the file has not both marks, in this order; it is then unchanged
    /// @throws IOException      if it can't be read or written
    public void replace(Path file, String text) throws IOException {
        String old = Files.readString(file);
        int from = old.indexOf(begin);
        int to = old.indexOf(end, Math.max(from, 0));
        if (from < 0 || to < 0) {
            throw new CommandException(
                    file + ": expected the lines '" + begin + "' and '" + end + "', between which the tables go");
        }
        String changed = old.substring(0, from + begin.length()) + "\n\n" + text.strip() + "\n\n" + old.substring(to);
        AtomicFile.write(file, changed.getBytes(StandardCharsets.UTF_8));
    }
}
