package dev.retort.bench.peers;

import java.util.Arrays;

/// The median of the ratios of pairs of times, with an interval that contains the true median with
/// a probability of at least 95 % whatever the distribution: two order statistics, from the
/// binomial distribution of how many values lie below the median (Conover, "Practical nonparametric
/// statistics", 1971, section 3.2).
///
/// @param median middle of peer / retort over the pairs: above 1, Retort is faster
/// @param low    lower end of the interval; the smallest ratio where there are fewer than 6 pairs
/// @param high   upper end of the interval
public record PairedRatio(double median, double low, double high) {
    private static final double TAIL = 0.025;

    /// The ratios `peer[i] / retort[i]`.
    ///
    /// @throws IllegalArgumentException if the arrays are empty or their lengths differ
    public static PairedRatio of(double[] retort, double[] peer) {
        if (retort.length == 0 || retort.length != peer.length) {
            throw new IllegalArgumentException("ratio: expects as many times of one side as of the other, at least 1,"
                    + " got " + retort.length + " and " + peer.length);
        }
        double[] ratios = new double[retort.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = peer[i] / retort[i];
        }
        Arrays.sort(ratios);
        int rank = rank(ratios.length);
        return new PairedRatio(sortedMedian(ratios), ratios[rank], ratios[ratios.length - 1 - rank]);
    }

    /// The middle value, or the mean of the two middle ones.
    public static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sortedMedian(sorted);
    }

    private static double sortedMedian(double[] sorted) {
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /// The largest r with P(fewer than r + 1 of n values lie below the median) ≤ 2.5 %, or 0.
    private static int rank(int n) {
        double probability = Math.pow(0.5, n);
        double below = 0;
        int rank = 0;
        for (int k = 0; k < n / 2; k++) {
            below += probability;
            if (below > TAIL) {
                break;
            }
            rank = k;
            probability = probability * (n - k) / (k + 1);
        }
        return rank;
    }
}
