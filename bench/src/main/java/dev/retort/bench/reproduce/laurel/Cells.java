package dev.retort.bench.reproduce.laurel;

import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Numbers of a task's models as the tables write them.
///
/// @param grid  all results
/// @param cells of one task
record Cells(Grid grid, List<Cell> cells) {
    private static final double MIN_GAIN_OVER_ERROR = 1;

    @Nullable
    Cell cell(String model) {
        return cells.stream()
                .filter(cell -> cell.is("model", model))
                .findFirst()
                .orElse(null);
    }

    List<Double> values(@Nullable Cell cell, String metric) {
        return cell == null ? List.of() : grid.metric(cell, metric);
    }

    double mean(String model, String metric) {
        return Statistics.mean(values(cell(model), metric));
    }

    /// Such as `1.8123 ± 0.0021`: mean and standard deviation.
    static String spread(List<Double> values, int decimals) {
        if (values.isEmpty()) {
            return "";
        }
        String mean = number(Statistics.mean(values), decimals);
        return values.size() < 2 ? mean : mean + " ± " + number(Statistics.sd(values), decimals);
    }

    static String number(double value, int decimals) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%." + decimals + "f", value) : "";
    }

    static String signed(double value, int decimals) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%+." + decimals + "f", value) : "";
    }

    /// A paired difference, such as `-0.0123 ± 0.0040 (p 0.010)`: mean and half width of the 95 % interval.
    static String difference(Statistics.Difference d, double factor, int decimals) {
        if (d.pairs() == 0) {
            return "";
        }
        String mean = signed(factor * d.mean(), decimals);
        return d.pairs() < 2
                ? mean
                : mean + " ± " + number(factor * d.halfWidth(), decimals)
                        + String.format(Locale.ROOT, " (p %.3f)", d.p());
    }

    /// Parameters beyond the plain model's, such as `+1.68 %`.
    String added(Cell cell) {
        double plain = mean("plain", "parameters");
        double mine = Statistics.mean(values(cell, "parameters"));
        double added = 100 * (mine - plain) / plain;
        return cell.is("model", "plain") || !Double.isFinite(added) ? "" : signed(added, 2) + " %";
    }

    String parameters(Cell cell) {
        List<Double> all = values(cell, "parameters");
        return all.isEmpty() ? "" : String.format(Locale.ROOT, "%,d", Math.round(all.getFirst()));
    }

    /// The share of the deeper model's gain over the plain one that a model reaches, in a metric; a dash where
    /// the deeper model's gain is not larger than its own error, so that the share would be a ratio of noise.
    String shareOfGain(Cell cell, String metric) {
        Cell plain = cell("plain");
        Cell deeper = cell(Task.DEEPER);
        if (plain == null || deeper == null || cell.equals(plain) || cell.equals(deeper)) {
            return "";
        }
        Statistics.Difference reference = grid.paired(deeper, plain, metric);
        Statistics.Difference mine = grid.paired(cell, plain, metric);
        boolean noise = !(Math.abs(reference.mean()) > MIN_GAIN_OVER_ERROR * reference.halfWidth());
        if (mine.pairs() == 0 || reference.pairs() < 2 || noise) {
            return mine.pairs() == 0 ? "" : "–";
        }
        return String.format(Locale.ROOT, "%.0f %%", 100 * mine.mean() / reference.mean());
    }

    /// How the paper's model moves from the plain to the deeper one, in the same terms.
    static String papersShare(double mine, double plain, double deeper) {
        return Double.isFinite(mine)
                ? String.format(Locale.ROOT, "%.0f %%", 100 * (mine - plain) / (deeper - plain))
                : "";
    }
}
