package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import java.util.ArrayList;
import java.util.List;

/// Which models differ from the plain one for sure, in words.
final class Verdict {
    private static final double ALPHA = 0.05;

    private Verdict() {}

    /// @param differences  of each cell to the plain one
    /// @param higherIsGood whether a positive difference is an improvement
    static String of(List<Cell> cells, List<Statistics.Difference> differences, boolean higherIsGood) {
        if (cells.isEmpty()) {
            return "Fewer than two seeds are finished: no intervals yet.";
        }
        List<Double> corrected = Statistics.holm(
                differences.stream().map(Statistics.Difference::p).toList());
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        List<String> open = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            boolean good = differences.get(i).mean() > 0 == higherIsGood;
            List<String> list = corrected.get(i) >= ALPHA ? open : good ? better : worse;
            list.add(cells.get(i).get("model"));
        }
        return "Against the plain model (paired t test, p < 0.05 after Holm's correction over all rows): better "
                + names(better) + "; worse " + names(worse) + "; within the noise of the seeds " + names(open) + ".";
    }

    private static String names(List<String> names) {
        return names.isEmpty() ? "none" : String.join(", ", names);
    }
}
