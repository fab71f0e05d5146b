package dev.retort.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Means, spreads and paired differences over a handful of seeds, with Student's t.
public final class Statistics {
    private static final double LEVEL = 0.95;

    private Statistics() {}

    /// Mean; NaN of nothing.
    public static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    /// Standard deviation with divisor n − 1; 0 for a single value.
    public static double sd(List<Double> values) {
        if (values.size() < 2) {
            return 0;
        }
        double mean = mean(values);
        double squares =
                values.stream().mapToDouble(v -> (v - mean) * (v - mean)).sum();
        return Math.sqrt(squares / (values.size() - 1));
    }

    /// Half width t₀.₉₇₅(n − 1) · sd/√n of the mean's 95 % interval; infinite for fewer than two values.
    public static double halfWidth(List<Double> values) {
        int n = values.size();
        return n < 2 ? Double.POSITIVE_INFINITY : quantile(n - 1) * sd(values) / Math.sqrt(n);
    }

    /// A mean difference of pairs.
    ///
    /// @param mean      mean of the differences
    /// @param halfWidth half width of its 95 % interval; infinite for fewer than two pairs
    /// @param p         two-sided p-value of the paired t test; 1 for fewer than two pairs
    /// @param pairs     number of pairs
    /// @param wins      pairs with a positive difference
    public record Difference(double mean, double halfWidth, double p, int pairs, int wins) {
        /// Whether the interval leaves out 0.
        public boolean isClear() {
            return Math.abs(mean) > halfWidth;
        }
    }

    /// a − b, paired by position.
    ///
    /// @throws IllegalArgumentException if the lengths differ
    public static Difference paired(List<Double> a, List<Double> b) {
        if (a.size() != b.size()) {
            throw new IllegalArgumentException(
                    "paired difference: expected as many values on both sides, got " + a.size() + " and " + b.size());
        }
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < a.size(); i++) {
            differences.add(a.get(i) - b.get(i));
        }
        int n = differences.size();
        double mean = mean(differences);
        int wins = (int) differences.stream().filter(d -> d > 0).count();
        double error = sd(differences) / Math.sqrt(n);
        // Equal differences have an interval of width 0, which a handful of seeds does not prove.
        double p = n < 2 ? 1 : error == 0 ? (mean == 0 ? 1 : 0) : pValue(Math.abs(mean) / error, n - 1);
        return new Difference(mean, halfWidth(differences), p, n, wins);
    }

    /// Holm's step-down correction: p-values that may be read as if each were the only test.
    ///
    /// ```
    /// p̃₍ᵢ₎ = max over j ≤ i of min(1, (n − j + 1) p₍ⱼ₎)        p₍₁₎ ≤ … ≤ p₍ₙ₎
    /// ```
    ///
    /// Source: Holm, "A simple sequentially rejective multiple test procedure", 1979.
    public static List<Double> holm(List<Double> p) {
        int n = p.size();
        int[] order = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(p::get))
                .mapToInt(Integer::intValue)
                .toArray();
        Double[] out = new Double[n];
        double least = 0;
        for (int i = 0; i < n; i++) {
            least = Math.max(least, Math.min(1, (n - i) * p.get(order[i])));
            out[order[i]] = least;
        }
        return List.of(out);
    }

    /// P(|T| > t) of Student's t distribution: finite sums of cosines for a whole number of degrees.
    ///
    /// ```
    /// θ = arctan(t/√ν)
    /// P(|T| ≤ t) = sin θ (1 + ½ cos²θ + (1·3)/(2·4) cos⁴θ + … )                     ν even
    ///            = 2/π (θ + sin θ (cos θ + 2/3 cos³θ + (2·4)/(3·5) cos⁵θ + … ))     ν odd
    /// ```
    ///
    /// with powers up to ν − 2. Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.3
    /// and 26.7.4.
    ///
    /// @param t       at least 0
    /// @param degrees ν, at least 1
    static double pValue(double t, int degrees) {
        double theta = Math.atan(t / Math.sqrt(degrees));
        double cosine = Math.cos(theta);
        boolean odd = degrees % 2 == 1;
        double term = odd ? cosine : 1;
        double sum = degrees == 1 ? 0 : term;
        for (int power = odd ? 3 : 2; power <= degrees - 2; power += 2) {
            term *= cosine * cosine * (power - 1) / power;
            sum += term;
        }
        double within = odd ? 2 / Math.PI * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
        return Math.max(0, 1 - within);
    }

    /// The 97.5 % quantile of Student's t, by bisection.
    static double quantile(int degrees) {
        double low = 1;
        double high = 16;
        while (high - low > 1e-12 * high) {
            double middle = (low + high) / 2;
            if (pValue(middle, degrees) > 1 - LEVEL) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
