package dev.retort.bench.report;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// Rows of text as CSV (RFC 4180, but lines end with a line feed on every system): cells with commas,
/// quotes or line ends stand in quotes, quotes inside doubled.
public final class Csv {
    private final StringBuilder text = new StringBuilder();

    /// A file that begins with the names of its columns.
    public Csv(List<String> columns) {
        row(columns.toArray());
    }

    /// Adds a row; cells are written by `toString`.
    public Csv row(Object... cells) {
        text.append(
                Arrays.stream(cells).map(cell -> quoted(cell.toString())).collect(Collectors.joining(",", "", "\n")));
        return this;
    }

    private static String quoted(String cell) {
        boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    /// The file.
    @Override
    public String toString() {
        return text.toString();
    }
}
