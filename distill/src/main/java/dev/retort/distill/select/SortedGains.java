package dev.retort.distill.select;

import java.util.Arrays;

/// Gains g₁ ≥ g₂ ≥ … ≥ 0 with the sums H_k of their inverses; positions count from 0.
final class SortedGains {
    private static final int HALVINGS = 2_000;
    private static final double WHOLE = 1e-12;

    private final double[] gains;
    private final double[] inverses;
    private final int positive;

    SortedGains(double[] unsorted) {
        double[] rising = unsorted.clone();
        Arrays.sort(rising);
        int n = rising.length;
        gains = new double[n];
        for (int i = 0; i < n; i++) {
            gains[i] = rising[n - 1 - i] + 0.0; // no negative zero
        }
        positive = above(0);
        inverses = new double[positive + 1];
        for (int i = 0; i < positive; i++) {
            inverses[i + 1] = inverses[i] + 1 / gains[i];
        }
    }

    int size() {
        return gains.length;
    }

    double gain(int i) {
        return gains[i];
    }

    /// H_k, for k up to the number of positive gains.
    double inverse(int k) {
        return inverses[k];
    }

    /// Number of gains above 0.
    int positive() {
        return positive;
    }

    /// Number of gains above `level`.
    int above(double level) {
        int low = 0;
        int high = gains.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (gains[middle] > level) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /// The k that maximises (k − weight) / H_k, equal gains taken along; 0 if none makes it positive.
    int bestSupport(double weight) {
        if (weight >= positive) {
            return 0;
        }
        int k = (int) Math.floor(weight) + 1;
        while (k < positive && gains[k] >= (k - weight) / inverses[k]) {
            k++;
        }
        return k;
    }

    /// Σ_{i < k} min(1, c / gᵢ), where j gains are above c.
    private double capacity(int k, double c, int j) {
        return k <= j ? c * inverses[k] : c * inverses[j] + (k - j);
    }

    /// How many of the largest gains fit whole into the budget.
    int filled(double budget, double c, int j) {
        int low = 0;
        int high = gains.length;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (capacity(middle, c, j) <= budget) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /// The least c at which all positive gains together hold the budget, or the largest gain if they never
    /// do.
    double levelFor(double budget) {
        double low = 0;
        double high = positive == 0 ? 0 : gains[0];
        for (int step = 0; step < HALVINGS && apart(low, high); step++) {
            double middle = low + (high - low) / 2;
            if (capacity(positive, middle, above(middle)) < budget) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /// The c that maximises F.
    double bestLevel(double budget, double weight, double penalty) {
        double low = 0;
        double high = gains.length == 0 ? 0 : gains[0];
        for (int step = 0; step < HALVINGS && apart(low, high); step++) {
            double middle = low + (high - low) / 2;
            if (slope(middle, budget, weight, penalty) > 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }

    /// Whether there is a number between the two.
    static boolean apart(double low, double high) {
        double middle = low + (high - low) / 2;
        return middle > low && middle < high;
    }

    /// The slope of F to the right of c.
    private double slope(double c, double budget, double weight, double penalty) {
        int j = above(c);
        int k = filled(budget, c, j);
        if (k < gains.length) {
            int whole = Math.min(j, k);
            return whole - gains[k] * inverses[whole] - weight;
        }
        int p = overfilled(budget - capacity(k, c, j), c, j);
        // Samples from p on are asked for certain, and p − 1 takes the rest.
        double rest = p == 0 ? 0 : gains[p - 1] * inverses[p];
        return j - weight + penalty * (j - p + rest);
    }

    /// The first position from which on the j largest gains can be filled up to 1 with what is left.
    private int overfilled(double left, double c, int j) {
        int low = 0;
        int high = j;
        while (low < high) {
            int middle = (low + high) >>> 1;
            double room = (j - middle) - c * (inverses[j] - inverses[middle]);
            if (room <= left) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    /// Probabilities of the sorted gains, evened out over equal ones, in the order of the unsorted gains.
    double[] spread(double[] values, double[] unsorted) {
        double[] even = new double[values.length];
        for (int from = 0; from < even.length; ) {
            int to = from;
            double sum = 0;
            while (to < even.length && gains[to] == gains[from]) {
                sum += values[to++];
            }
            double mean = sum / (to - from);
            Arrays.fill(even, from, to, mean > 1 - WHOLE ? 1 : mean);
            from = to;
        }
        double[] out = new double[unsorted.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = even[above(unsorted[i] + 0.0)];
        }
        return out;
    }
}
