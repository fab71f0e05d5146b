package dev.retort.bench.distill;

import dev.retort.bench.report.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The comparison as a table and in words.
final class ResultsTable {
    static final List<String> HEADER =
            List.of("method", "test accuracy", "agrees with teacher", "parameters", "size", "images/s", "training");

    private static final double SURE = 0.05;

    private ResultsTable() {}

    /// One row for the teacher, then one a method.
    static List<List<String>> rows(Results results) {
        List<List<String>> rows = new ArrayList<>();
        Results.TeacherResult teacher = results.teacher();
        rows.add(List.of(
                "teacher " + teacher.model(),
                accuracy(teacher.accuracies()),
                "",
                String.format(Locale.ROOT, "%,d", teacher.parameters()),
                size(teacher.bytes()),
                speed(teacher.imagesPerSecond()),
                ""));
        for (Results.MethodResult method : results.methods()) {
            rows.add(List.of(
                    method.name(),
                    accuracy(method.accuracies()),
                    String.format(Locale.ROOT, "%.1f %%", 100 * Statistics.mean(method.agreements())),
                    String.format(Locale.ROOT, "%,d", method.parameters()),
                    size(method.bytes()),
                    speed(method.imagesPerSecond()),
                    String.format(Locale.ROOT, "%.1f s", Statistics.mean(method.seconds()))));
        }
        return rows;
    }

    /// Index in [#rows] of the best student.
    static int bestRow(Results results) {
        return 1 + results.methods().indexOf(results.best());
    }

    /// The table with aligned columns.
    static String text(Results results) {
        List<List<String>> all = new ArrayList<>();
        all.add(HEADER);
        all.addAll(rows(results));
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
                line.append(c == 0 ? row.get(c) + pad : "  " + pad + row.get(c));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /// Who won, by how much, and how sure that is: paired differences with 95 % intervals, and p-values of
    /// the paired t test, corrected by Holm's method for the number of comparisons.
    static String verdict(Results results) {
        Results.MethodResult best = results.best();
        int seeds = best.accuracies().size();
        StringBuilder words = new StringBuilder(String.format(
                Locale.ROOT,
                "%s did best: %.2f %% on the test images over %d seed%s.",
                best.name(),
                100 * best.accuracyMean(),
                seeds,
                seeds == 1 ? "" : "s"));
        List<Results.MethodResult> others =
                results.methods().stream().filter(other -> other != best).toList();
        List<Statistics.Difference> differences = others.stream()
                .map(other -> Statistics.paired(best.accuracies(), other.accuracies()))
                .toList();
        List<Double> corrected = Statistics.holm(
                differences.stream().map(Statistics.Difference::p).toList());
        for (int i = 0; i < others.size(); i++) {
            words.append(against(others.get(i).name(), differences.get(i), corrected.get(i)));
        }
        if (seeds == 1 && !others.isEmpty()) {
            words.append(" One seed says nothing about how sure that is: use --seeds 3 or more.");
        }
        return words.toString();
    }

    private static String against(String other, Statistics.Difference d, double p) {
        String words = String.format(Locale.ROOT, " Against %s: %+.2f points", other, 100 * d.mean());
        if (Double.isFinite(d.halfWidth())) {
            words += String.format(
                    Locale.ROOT,
                    " ± %.2f, better on %d of %d seeds (%s, p %.3f)",
                    100 * d.halfWidth(),
                    d.wins(),
                    d.pairs(),
                    p < SURE
                            ? "clear"
                            : d.isClear()
                                    ? "likely, not sure among so many comparisons"
                                    : "within the noise of the seeds",
                    p);
        }
        return words + ".";
    }

    private static String accuracy(List<Double> accuracies) {
        double mean = 100 * Statistics.mean(accuracies);
        return accuracies.size() < 2
                ? String.format(Locale.ROOT, "%.2f %%", mean)
                : String.format(Locale.ROOT, "%.2f ± %.2f %%", mean, 100 * Statistics.sd(accuracies));
    }

    private static String size(long bytes) {
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.0f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    private static String speed(double imagesPerSecond) {
        return String.format(Locale.ROOT, "%,.0f", imagesPerSecond);
    }
}
