package dev.retort.bench.distill;

import java.util.List;

/// Means, spreads and paired differences over a handful of seeds.
final class Statistics {
    /// 97.5 % quantiles of Student's t distribution for 1 to 30 degrees of freedom.
    private static final double[] T975 = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    private Statistics() {}

    static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    /// Standard deviation with divisor n − 1; 0 for a single value.
    static double sd(List<Double> values) {
        if (values.size() < 2) {
            return 0;
        }
        double mean = mean(values);
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.size() - 1));
    }

    /// A mean difference with the half width of its 95 % confidence interval (infinite for fewer than
    /// two pairs).
    record Difference(double mean, double halfWidth) {
        boolean isClear() {
            return Math.abs(mean) > halfWidth;
        }
    }

    /// a − b, paired by position.
    static Difference paired(List<Double> a, List<Double> b) {
        List<Double> differences = new java.util.ArrayList<>();
        for (int i = 0; i < a.size(); i++) {
            differences.add(a.get(i) - b.get(i));
        }
        int n = differences.size();
        double quantile = n < 2 ? Double.POSITIVE_INFINITY : n - 2 < T975.length ? T975[n - 2] : 1.96;
        double halfWidth = n < 2 ? Double.POSITIVE_INFINITY : quantile * sd(differences) / Math.sqrt(n);
        return new Difference(mean(differences), halfWidth);
    }
}
