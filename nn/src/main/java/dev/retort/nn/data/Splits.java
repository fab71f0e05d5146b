package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import java.util.Arrays;

/// Disjoint parts of a data set with the class proportions of the whole.
public final class Splits {
    private Splits() {}

    /// Parts of a data set where only some labels are used.
    ///
    /// @param labelled   training samples whose labels are used
    /// @param validation samples held out for choices during training
    /// @param unlabelled the pool: training samples whose labels are not looked at
    /// @param test       samples held out for the final number
    public record Pool(int[] labelled, int[] validation, int[] unlabelled, int[] test) {}

    /// Splits all samples: the given numbers of labelled, validation and test samples, the rest is the
    /// unlabelled pool.
    ///
    /// @throws OpException if there are fewer samples than asked for
    public static Pool pool(int[] labels, int labelled, int validation, int test, Rng rng) {
        int rest = labels.length - labelled - validation - test;
        if (rest < 0) {
            throw new OpException("split: expects at most " + labels.length + " samples in all, got " + labelled
                    + " labelled + " + validation + " validation + " + test + " test");
        }
        int[][] parts = stratified(labels, new int[] {labelled, validation, test, rest}, rng);
        return new Pool(parts[0], parts[1], parts[3], parts[2]);
    }

    /// Disjoint random parts of the given sizes; in each the classes have, up to one sample, the same
    /// proportions as in all of `labels`. Indices come in ascending order.
    ///
    /// @throws OpException if a label or size is negative, or the sizes exceed the number of samples
    public static int[][] stratified(int[] labels, int[] sizes, Rng rng) {
        check(labels, sizes);
        int classes = Arrays.stream(labels).max().orElse(-1) + 1;
        int[][] byClass = new int[classes][];
        for (int c = 0; c < classes; c++) {
            byClass[c] = shuffledMembers(labels, c, rng.fork(c));
        }
        int[] used = new int[classes];
        int[][] parts = new int[sizes.length][];
        for (int p = 0; p < sizes.length; p++) {
            int[] quota = quotas(byClass, used, sizes[p]);
            parts[p] = new int[sizes[p]];
            int at = 0;
            for (int c = 0; c < classes; c++) {
                System.arraycopy(byClass[c], used[c], parts[p], at, quota[c]);
                used[c] += quota[c];
                at += quota[c];
            }
            Arrays.sort(parts[p]);
        }
        return parts;
    }

    private static void check(int[] labels, int[] sizes) {
        long total = 0;
        for (int size : sizes) {
            total += size;
            if (size < 0) {
                throw new OpException("split: expects sizes >= 0, got " + Arrays.toString(sizes));
            }
        }
        if (total > labels.length) {
            throw new OpException(
                    "split: expects sizes that sum to at most " + labels.length + ", got " + Arrays.toString(sizes));
        }
        for (int label : labels) {
            if (label < 0) {
                throw new OpException("split: expects labelled samples, got label " + label);
            }
        }
    }

    private static int[] shuffledMembers(int[] labels, int label, Rng rng) {
        int count = (int) Arrays.stream(labels).filter(l -> l == label).count();
        int[] members = new int[count];
        int[] order = rng.permutation(count);
        int seen = 0;
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] == label) {
                members[order[seen++]] = i;
            }
        }
        return members;
    }

    /// How many of each class make up `size`: proportional to what is left, remainders to the largest
    /// fractions.
    private static int[] quotas(int[][] byClass, int[] used, int size) {
        int classes = byClass.length;
        long left = 0;
        for (int c = 0; c < classes; c++) {
            left += byClass[c].length - used[c];
        }
        int[] quota = new int[classes];
        long[] fraction = new long[classes];
        int given = 0;
        for (int c = 0; c < classes && left > 0; c++) {
            long share = (long) (byClass[c].length - used[c]) * size;
            quota[c] = (int) (share / left);
            fraction[c] = share % left;
            given += quota[c];
        }
        while (given < size) {
            int best = 0;
            for (int c = 1; c < classes; c++) {
                best = fraction[c] > fraction[best] ? c : best;
            }
            fraction[best] = -1;
            quota[best]++;
            given++;
        }
        return quota;
    }
}
