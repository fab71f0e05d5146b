package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Comma-separated values (RFC 4180): UTF-8, fields with commas, quotes or line breaks in double quotes,
/// quotes inside doubled. Empty lines are skipped.
final class Csv {
    private final String path;
    private final String text;
    private final char delimiter;
    private int at;
    private int line = 1;

    private Csv(String path, String text, char delimiter) {
        this.path = path;
        this.text = text;
        this.delimiter = delimiter;
    }

    /// One record and the line that it starts on, from 1.
    record Row(int line, List<String> fields) {}

    /// All records; each must have as many fields as the first.
    static List<Row> read(Path path, char delimiter) throws IOException {
        Csv csv = new Csv(path.toString(), InputFile.text(path), delimiter);
        return csv.rows();
    }

    private FormatException wrong(int where, String message) {
        return new FormatException("csv: " + path + ": line " + where + ": " + message);
    }

    private List<Row> rows() throws FormatException {
        List<Row> rows = new ArrayList<>();
        while (at < text.length()) {
            if (takeLineEnd()) {
                continue;
            }
            Row row = row();
            int expected =
                    rows.isEmpty() ? row.fields.size() : rows.getFirst().fields.size();
            if (row.fields.size() != expected) {
                throw wrong(row.line, "expects " + expected + " fields as in the first line, got " + row.fields.size());
            }
            rows.add(row);
        }
        return rows;
    }

    private Row row() throws FormatException {
        int start = line;
        List<String> fields = new ArrayList<>();
        do {
            fields.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
        } while (takeDelimiter());
        if (at < text.length() && !takeLineEnd()) {
            throw wrong(
                    line,
                    "expects " + delimiter + " or the end of the line after a closing quote, got " + text.charAt(at));
        }
        return new Row(start, fields);
    }

    private boolean takeDelimiter() {
        boolean there = at < text.length() && text.charAt(at) == delimiter;
        at += there ? 1 : 0;
        return there;
    }

    private boolean takeLineEnd() {
        int length = text.startsWith("\r\n", at) ? 2 : text.startsWith("\n", at) ? 1 : 0;
        at += length;
        line += length > 0 ? 1 : 0;
        return length > 0;
    }

    private String plain() throws FormatException {
        int start = at;
        while (at < text.length() && text.charAt(at) != delimiter && text.charAt(at) != '\n') {
            if (text.charAt(at) == '"') {
                throw wrong(
                        line, "expects a field with quotes to start with one, got " + text.substring(start, at + 1));
            }
            at++;
        }
        boolean carriageReturn =
                at > start && at < text.length() && text.charAt(at) == '\n' && text.charAt(at - 1) == '\r';
        at -= carriageReturn ? 1 : 0;
        return text.substring(start, at);
    }

    private String quoted() throws FormatException {
        int start = line;
        StringBuilder field = new StringBuilder();
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                if (at >= text.length() || text.charAt(at) != '"') {
                    return field.toString();
                }
                at++;
            }
            line += c == '\n' ? 1 : 0;
            field.append(c);
        }
        throw wrong(start, "expects a closing quote, got the end of the file");
    }
}
