package dev.retort.bench.report;

import dev.retort.bench.CommandException;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The part of a Markdown file that a command writes, between two comments that stay where they are.
///
/// @param begin the comment before it
/// @param end   the comment behind it
public record MarkedSection(String begin, String end) {
    /// Looks before the work whether [#replace] will find the marks.
    ///
    /// @throws CommandException if the file has not both marks, in this order
    /// @throws IOException      if it can't be read
    public void check(Path file) throws IOException {
        parts(file);
    }

    /// Puts `text` between the marks of `file`.
    ///
    /// @throws CommandException if the file has not both marks, in this order; it is then unchanged
    /// @throws IOException      if it can't be read or written
    public void replace(Path file, String text) throws IOException {
        String[] parts = parts(file);
        String changed = parts[0] + "\n\n" + text.strip() + "\n\n" + parts[1];
        AtomicFile.write(file, changed.getBytes(StandardCharsets.UTF_8));
    }

    /// What stays before and behind.
    private String[] parts(Path file) throws IOException {
        String old = InputFile.text(file);
        int from = old.indexOf(begin);
        int to = old.indexOf(end, Math.max(from, 0));
        if (from < 0 || to < 0) {
            throw new CommandException(
                    file + ": expected the lines '" + begin + "' and '" + end + "', between which the tables go");
        }
        return new String[] {old.substring(0, from + begin.length()), old.substring(to)};
    }
}
