package dev.retort.distill.estimate;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Evens out how often classes occur among pseudo-labels.
public final class ClassBalance {
    private ClassBalance() {}

    /// A weight a sample, so that every class that occurs has the same sum and the mean is 1: what repeating
    /// the samples of rare classes does, without repeating them.
    ///
    /// @param classes −1 for samples that are left out; they get 0
    public static double[] weights(int[] classes, int count) {
        int[] sizes = sizes(classes, count);
        long present = Arrays.stream(sizes).filter(size -> size > 0).count();
        double used = Arrays.stream(sizes).sum();
        return Arrays.stream(classes)
                .mapToDouble(c -> c < 0 ? 0 : used / (present * (double) sizes[c]))
                .toArray();
    }

    /// Keeps at most max(`least`, size of the smallest class) samples of each class, those with the highest
    /// scores; the others become −1.
    public static int[] truncated(int[] classes, double[] scores, int count, int least) {
        int[] sizes = sizes(classes, count);
        int smallest = Arrays.stream(sizes).min().orElse(0);
        int limit = Math.max(least, smallest);
        int[] kept = new int[classes.length];
        Arrays.fill(kept, -1);
        int[] taken = new int[count];
        int[] order = IntStream.range(0, classes.length)
                .boxed()
                .sorted((a, b) -> Double.compare(scores[b], scores[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int i : order) {
            int c = classes[i];
            if (c >= 0 && taken[c] < limit) {
                taken[c]++;
                kept[i] = c;
            }
        }
        return kept;
    }

    private static int[] sizes(int[] classes, int count) {
        int[] sizes = new int[count];
        for (int c : classes) {
            if (c >= 0) {
                sizes[c]++;
            }
        }
        return sizes;
    }
}
