package dev.retort.bench.peers;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// The comparison as a table for people: aligned text, or Markdown.
final class ComparisonText {
    private static final List<String> HEADER =
            List.of("work", "threads", "Retort", "peer", "", "ratio", "95 % interval", "Retort GFLOP/s");

    /// A row whose interval reaches this is level with its peer, within what a shared machine repeats.
    private static final double LEVEL = 0.95;

    private ComparisonText() {}

    static List<String> header() {
        return HEADER;
    }

    /// The cells of one row.
    static List<String> cells(Measurement row) {
        return List.of(
                row.name() + (row.note().isEmpty() ? "" : " (" + row.note() + ")"),
                Integer.toString(row.threads()),
                quantity(row, row.retortMs()),
                quantity(row, row.peerMs()),
                row.peer(),
                String.format(Locale.ROOT, "%.2f", row.ratio()),
                row.pairs() < 2 ? "" : String.format(Locale.ROOT, "%.2f to %.2f", row.low(), row.high()),
                row.flops() == 0 ? "" : String.format(Locale.ROOT, "%.0f", row.retortGflops()));
    }

    /// Three digits with the unit.
    private static String quantity(Measurement row, double value) {
        if (row.group().equals("memory")) {
            return String.format(Locale.ROOT, "%,.0f MiB", value);
        }
        if (value < 0.1) {
            return String.format(Locale.ROOT, "%.2f µs", value * 1000);
        }
        return String.format(Locale.ROOT, value < 10 ? "%.3f ms" : value < 1000 ? "%.1f ms" : "%,.0f ms", value);
    }

    /// All rows with aligned columns.
    static String text(Comparison comparison) {
        List<List<String>> all = new ArrayList<>();
        all.add(HEADER);
        comparison.rows().forEach(row -> all.add(cells(row)));
        int[] widths = new int[HEADER.size()];
        for (List<String> row : all) {
            for (int c = 0; c < widths.length; c++) {
                widths[c] = Math.max(widths[c], row.get(c).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : all) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < widths.length; c++) {
                String pad = " ".repeat(widths[c] - row.get(c).length());
                boolean words = c == 0 || c == 4;
                line.append(c == 0 ? "" : "  ").append(words ? row.get(c) + pad : pad + row.get(c));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text + summary(comparison);
    }

    /// Geometric means of the groups, the rows that are behind, and what was left out.
    static String summary(Comparison comparison) {
        StringBuilder text = new StringBuilder();
        for (String line : means(comparison)) {
            text.append(line).append('\n');
        }
        behind(comparison).forEach(line -> text.append(line).append('\n'));
        for (Skipped row : comparison.skipped()) {
            text.append("not measured: ")
                    .append(row.name())
                    .append(": ")
                    .append(row.reason())
                    .append('\n');
        }
        return text.toString();
    }

    /// A line with the rows whose interval ends below what counts as level; nothing where no row has an interval.
    private static List<String> behind(Comparison comparison) {
        List<Measurement> judged =
                comparison.rows().stream().filter(row -> row.pairs() > 1).toList();
        if (judged.isEmpty()) {
            return List.of();
        }
        String names = judged.stream()
                .filter(row -> row.high() < LEVEL)
                .map(row -> row.name() + " (" + threads(row.threads()) + ")")
                .collect(Collectors.joining(", "));
        return List.of("rows whose interval ends below " + LEVEL + ": " + (names.isEmpty() ? "none" : names));
    }

    private static String threads(int count) {
        return count + (count == 1 ? " thread" : " threads");
    }

    private static List<String> means(Comparison comparison) {
        List<String> lines = new ArrayList<>();
        LinkedHashSet<String> groups = new LinkedHashSet<>();
        LinkedHashSet<Integer> threads = new LinkedHashSet<>();
        comparison.rows().forEach(row -> {
            groups.add(row.group());
            threads.add(row.threads());
        });
        for (String group : groups) {
            StringBuilder line = new StringBuilder(group + ": geometric mean of the ratios");
            for (int count : threads) {
                double mean = comparison.geometricMean(group, count);
                if (!Double.isNaN(mean)) {
                    line.append(String.format(Locale.ROOT, ", %.2f on %s", mean, threads(count)));
                }
            }
            lines.add(line.toString());
        }
        return lines;
    }

    /// One Markdown table a group, with the geometric means; for `docs/performance.md`.
    static String markdown(Comparison comparison) {
        StringBuilder text = new StringBuilder();
        comparison
                .facts()
                .forEach((name, value) -> text.append("- ")
                        .append(name)
                        .append(": ")
                        .append(value)
                        .append('\n'));
        for (Ceiling ceiling : comparison.ceilings()) {
            text.append(String.format(
                    Locale.ROOT,
                    "- measured ceiling on %s: %.0f GFLOP/s, %.1f GB/s%n",
                    threads(ceiling.threads()),
                    ceiling.gflops(),
                    ceiling.gigabytes()));
        }
        LinkedHashSet<String> groups = new LinkedHashSet<>();
        comparison.rows().forEach(row -> groups.add(row.group()));
        for (String group : groups) {
            text.append("\n### ").append(group).append("\n\n");
            text.append(markdownRow(HEADER))
                    .append("|")
                    .append(" --- |".repeat(HEADER.size()))
                    .append('\n');
            comparison.rows().stream()
                    .filter(row -> row.group().equals(group))
                    .forEach(row -> text.append(markdownRow(cells(row))));
        }
        return text.append('\n')
                .append(summary(comparison).replace("\n", "\n\n").stripTrailing())
                .append('\n')
                .toString();
    }

    private static String markdownRow(List<String> cells) {
        return "| " + String.join(" | ", cells).replace("  ", " ") + " |\n";
    }
}
