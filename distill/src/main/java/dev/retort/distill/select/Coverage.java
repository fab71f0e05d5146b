package dev.retort.distill.select;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Squared distance of every sample of a pool to the nearest centre so far.
///
/// A centre is added in one pass, split among the common threads; each sample has its own number, so the
/// result does not depend on how.
final class Coverage {
    private static final int CHUNK = 4_096;

    private final Metric metric;
    private final double[] nearest;

    /// Without a centre yet.
    ///
    /// @param size samples that are to be covered: the first rows of the metric
    Coverage(Metric metric, int size) {
        this.metric = metric;
        nearest = new double[size];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    }

    void add(int centre) {
        int chunks = Math.ceilDiv(nearest.length, CHUNK);
        IntStream.range(0, chunks).parallel().forEach(chunk -> {
            int end = Math.min(nearest.length, (chunk + 1) * CHUNK);
            for (int i = chunk * CHUNK; i < end; i++) {
                nearest[i] = Math.min(nearest[i], metric.squared(i, centre));
            }
        });
    }

    double nearest(int i) {
        return nearest[i];
    }

    /// The sample farthest from all centres that `taken` allows; the first one of several.
    int farthest(boolean[] taken) {
        int best = -1;
        for (int i = 0; i < nearest.length; i++) {
            if (!taken[i] && (best < 0 || nearest[i] > nearest[best])) {
                best = i;
            }
        }
        return best;
    }

    /// A sample drawn in proportion to its squared distance; uniformly from what is left where all
    /// distances are 0.
    ///
    /// @param draw uniform on [0, 1)
    int drawn(boolean[] taken, double draw) {
        double total = 0;
        int left = 0;
        for (int i = 0; i < nearest.length; i++) {
            total += taken[i] ? 0 : nearest[i];
            left += taken[i] ? 0 : 1;
        }
        double target = draw * (total > 0 ? total : left);
        int last = -1;
        for (int i = 0; i < nearest.length; i++) {
            double own = total > 0 ? nearest[i] : 1;
            if (!taken[i] && own > 0) {
                last = i;
                target -= own;
                if (target < 0) {
                    break;
                }
            }
        }
        return last;
    }
}
