package dev.retort.distill.estimate;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/// The non-decreasing function that is closest to the data in weighted squared error.
///
/// ```
/// minimise Σ wᵢ (v(xᵢ) − yᵢ)²  subject to  v(a) ≤ v(b) for a ≤ b
/// ```
///
/// Solved by pooling adjacent violators: pairs are sorted by x, equal x are merged into their weighted
/// mean, and every point is pushed on a stack of blocks that merges its top two while the lower one is
/// not smaller. O(n log n), exact.
///
/// Source: Ayer, Brunk, Ewing, Reid and Silverman, "An empirical distribution function for sampling with
/// incomplete information", 1955.
public final class IsotonicRegression {
    /// How values between two fitted points are found. Outside the range of the data both are constant.
    public enum Prediction {
        /// On the straight line between the neighbours.
        INTERPOLATE,
        /// The value of the next point to the right: a left-continuous step function.
        STEP
    }

    private final double[] points;
    private final double[] values;
    private final Prediction prediction;

    private IsotonicRegression(double[] points, double[] values, Prediction prediction) {
        this.points = points;
        this.values = values;
        this.prediction = prediction;
    }

    /// The fit of `y` on `x`, every pair with weight 1, predicting by interpolation.
    ///
    /// @throws IllegalArgumentException as [#fit(double[], double[], double[], Prediction)]
    public static IsotonicRegression fit(double[] x, double[] y) {
        double[] weights = new double[x.length];
        Arrays.fill(weights, 1);
        return fit(x, y, weights, Prediction.INTERPOLATE);
    }

    /// The weighted fit of `y` on `x`.
    ///
    /// @throws IllegalArgumentException if there is no pair, the lengths differ, a number is not finite
    ///     or a weight is not positive
    public static IsotonicRegression fit(double[] x, double[] y, double[] weights, Prediction prediction) {
        check(x, y, weights);
        int[] order = IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> x[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] points = new double[x.length];
        double[] means = new double[x.length];
        double[] sums = new double[x.length];
        int distinct = 0;
        for (int i : order) {
            // Compared by ==, so that −0 and 0 are one point.
            if (distinct > 0 && points[distinct - 1] == x[i]) {
                int last = distinct - 1;
                sums[last] += weights[i];
                means[last] += (y[i] - means[last]) * weights[i] / sums[last];
            } else {
                points[distinct] = x[i] + 0.0; // −0 becomes 0
                means[distinct] = y[i];
                sums[distinct++] = weights[i];
            }
        }
        double[] fitted = pool(Arrays.copyOf(means, distinct), sums);
        return new IsotonicRegression(Arrays.copyOf(points, distinct), fitted, prediction);
    }

    private static void check(double[] x, double[] y, double[] weights) {
        if (x.length == 0 || x.length != y.length || x.length != weights.length) {
            throw new IllegalArgumentException(
                    "isotonic regression: expected as many x as y and weights, at least one, got " + x.length + ", "
                            + y.length + " and " + weights.length);
        }
        for (int i = 0; i < x.length; i++) {
            if (!Double.isFinite(x[i]) || !Double.isFinite(y[i]) || !(weights[i] > 0) || !Double.isFinite(weights[i])) {
                throw new IllegalArgumentException(
                        "isotonic regression: expected finite numbers and positive weights, got (x, y, weight) = ("
                                + x[i] + ", " + y[i] + ", " + weights[i] + ") at " + i);
            }
        }
    }

    /// The pooled value of every distinct point.
    private static double[] pool(double[] means, double[] weights) {
        int n = means.length;
        double[] value = new double[n];
        double[] weight = new double[n];
        int[] length = new int[n];
        int top = -1;
        for (int i = 0; i < n; i++) {
            top++;
            value[top] = means[i];
            weight[top] = weights[i];
            length[top] = 1;
            while (top > 0 && value[top - 1] >= value[top]) {
                double total = weight[top - 1] + weight[top];
                value[top - 1] = (value[top - 1] * weight[top - 1] + value[top] * weight[top]) / total;
                weight[top - 1] = total;
                length[top - 1] += length[top];
                top--;
            }
        }
        double[] out = new double[n];
        int at = 0;
        for (int block = 0; block <= top; block++) {
            Arrays.fill(out, at, at + length[block], value[block]);
            at += length[block];
        }
        return out;
    }

    /// The fitted value at `x`.
    ///
    /// @throws IllegalArgumentException if `x` is NaN
    public double predict(double x) {
        if (Double.isNaN(x)) {
            throw new IllegalArgumentException("isotonic regression: expected a number, got NaN");
        }
        int last = points.length - 1;
        if (x <= points[0]) {
            return values[0];
        }
        if (x >= points[last]) {
            return values[last];
        }
        int found = Arrays.binarySearch(points, x);
        if (found >= 0) {
            return values[found];
        }
        int right = -found - 1;
        if (prediction == Prediction.STEP) {
            return values[right];
        }
        double share = (x - points[right - 1]) / (points[right] - points[right - 1]);
        return values[right - 1] + share * (values[right] - values[right - 1]);
    }

    /// The fitted values at all of `x`.
    public double[] predict(double[] x) {
        return Arrays.stream(x).map(this::predict).toArray();
    }

    /// The distinct x of the data, ascending.
    public double[] points() {
        return points.clone();
    }

    /// The fitted values at [#points()], non-decreasing.
    public double[] values() {
        return values.clone();
    }
}
