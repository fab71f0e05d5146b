package dev.retort.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A report in parts, written once and read twice: as a self-contained HTML page, and as Markdown for the
/// documentation, where a plot is a link to its SVG file.
public final class Document {
    private final String title;
    private final List<Part> parts = new ArrayList<>();
    private final Map<String, String> plots = new LinkedHashMap<>();

    private sealed interface Part {
        record Heading(String text) implements Part {}

        record Paragraph(String text) implements Part {}

        record Table(List<String> header, List<List<String>> rows, int best) implements Part {}

        record Plot(String file, String svg, String caption) implements Part {}
    }

    /// An empty report.
    public Document(String title) {
        this.title = title;
    }

    /// Starts a section.
    public Document heading(String text) {
        parts.add(new Part.Heading(text));
        return this;
    }

    /// Plain words.
    public Document paragraph(String text) {
        parts.add(new Part.Paragraph(text));
        return this;
    }

    /// A table; every row as long as the header. Row `best` (−1 for none) is set off.
    ///
    /// @throws IllegalArgumentException if a row has another length
    public Document table(List<String> header, List<List<String>> rows, int best) {
        for (List<String> row : rows) {
            if (row.size() != header.size()) {
                throw new IllegalArgumentException(
                        "document: expected rows of " + header.size() + " cells, got " + row);
            }
        }
        parts.add(new Part.Table(List.copyOf(header), List.copyOf(rows), best));
        return this;
    }

    /// A plot, in the page and as a file of its own.
    ///
    /// @param name of the file, without ending: letters, digits and dashes
    /// @throws IllegalArgumentException if the name has other characters or is taken
    public Document plot(String name, LineChart chart, String caption) {
        return plot(name, chart.toSvg(), caption);
    }

    /// The same with intervals.
    ///
    /// @throws IllegalArgumentException if the name has other characters or is taken
    public Document plot(String name, IntervalChart chart, String caption) {
        return plot(name, chart.toSvg(), caption);
    }

    private Document plot(String name, String svg, String caption) {
        if (!name.matches("[\\w-]+") || plots.putIfAbsent(name + ".svg", Html.standalone(svg)) != null) {
            throw new IllegalArgumentException(
                    "document: expected a new plot name of letters, digits and dashes, got '" + name + "'");
        }
        parts.add(new Part.Plot(name + ".svg", svg, caption));
        return this;
    }

    /// The plots as SVG files by name.
    public Map<String, String> plots() {
        return Map.copyOf(plots);
    }

    /// The whole as one HTML page.
    public String html() {
        StringBuilder body = new StringBuilder("<h1>" + Html.escape(title) + "</h1>\n");
        for (Part part : parts) {
            body.append(
                    switch (part) {
                        case Part.Heading p -> "<h2>" + Html.escape(p.text) + "</h2>\n";
                        case Part.Paragraph p -> "<p>" + Html.escape(p.text) + "</p>\n";
                        case Part.Table p -> Html.table(p.header, p.rows, p.best);
                        case Part.Plot p -> Html.figure(p.svg, p.caption);
                    });
        }
        return Html.page(title, body.toString());
    }

    /// The whole as Markdown.
    ///
    /// @param level     depth of the title's heading, from 1; sections are one deeper
    /// @param plotFolder where the plots are, relative to the Markdown file; empty to leave them out
    public String markdown(int level, String plotFolder) {
        StringBuilder text = new StringBuilder("#".repeat(level) + " " + title + "\n");
        for (Part part : parts) {
            if (part instanceof Part.Plot && plotFolder.isEmpty()) {
                continue;
            }
            text.append('\n')
                    .append(
                            switch (part) {
                                case Part.Heading p -> "#".repeat(level + 1) + " " + p.text + "\n";
                                case Part.Paragraph p -> p.text + "\n";
                                case Part.Table p -> table(p);
                                case Part.Plot p -> "![" + p.caption + "](" + plotFolder + "/" + p.file + ")\n";
                            });
        }
        return text.toString();
    }

    private static String table(Part.Table table) {
        StringBuilder text = new StringBuilder();
        text.append(row(table.header, false)).append("|");
        text.append(" --- |").append(" ---: |".repeat(table.header.size() - 1)).append('\n');
        for (int i = 0; i < table.rows.size(); i++) {
            text.append(row(table.rows.get(i), i == table.best));
        }
        return text.toString();
    }

    private static String row(List<String> cells, boolean bold) {
        StringBuilder line = new StringBuilder("|");
        for (String cell : cells) {
            String safe = cell.replace("|", "\\|");
            line.append(' ')
                    .append(bold && !safe.isEmpty() ? "**" + safe + "**" : safe)
                    .append(" |");
        }
        return line.append('\n').toString();
    }
}
