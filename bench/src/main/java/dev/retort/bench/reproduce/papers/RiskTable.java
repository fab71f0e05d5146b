package dev.retort.bench.reproduce.papers;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The clean, the plain and the weighted risk of students.
final class RiskTable {
    private RiskTable() {}

    static void add(Document document, Grid results) {
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : results.cells(cell -> cell.get("method").startsWith("weighted"))) {
            List<Double> clean = results.metric(cell, "clean_risk");
            List<Double> plain = results.metric(cell, "teacher_risk");
            List<Double> weighted = results.metric(cell, "weighted_risk");
            if (!clean.isEmpty()) {
                rows.add(List.of(
                        cell.get("method"),
                        cell.factors().containsKey("noise")
                                ? "noise " + cell.get("noise")
                                : cell.get("labels") + " labels",
                        number(clean),
                        number(plain),
                        number(weighted),
                        difference(plain, clean),
                        difference(weighted, clean)));
            }
        }
        document.table(
                List.of(
                        "weights",
                        "teacher",
                        "clean",
                        "teacher's",
                        "weighted",
                        "teacher's − clean",
                        "weighted − clean"),
                rows,
                -1);
    }

    private static String number(List<Double> values) {
        return String.format(Locale.ROOT, "%.3f", Statistics.mean(values));
    }

    private static String difference(List<Double> one, List<Double> other) {
        Statistics.Difference d = Statistics.paired(one, other);
        return Double.isFinite(d.halfWidth())
                ? String.format(Locale.ROOT, "%+.3f ± %.3f", d.mean(), d.halfWidth())
                : String.format(Locale.ROOT, "%+.3f", d.mean());
    }
}
