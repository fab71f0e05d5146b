package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.Arrays;

/// Picks the largest of many scores.
final class Ranking {
    private Ranking() {}

    /// Positions of the `count` largest scores, falling; the order among equal ones is drawn.
    static int[] largest(double[] scores, int count, Rng rng) {
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        double edge = sorted[scores.length - count];
        int above = scores.length - upper(sorted, edge);
        int[] chosen = new int[count];
        int at = 0;
        int ties = 0;
        int[] equal = new int[scores.length];
        for (int i = 0; i < scores.length; i++) {
            if (scores[i] > edge) {
                chosen[at++] = i;
            } else if (scores[i] == edge) {
                equal[ties++] = i;
            }
        }
        int[] order = rng.permutation(ties);
        for (int i = 0; at < count; i++) {
            chosen[at++] = equal[order[i]];
        }
        sortFalling(chosen, above, scores);
        return chosen;
    }

    /// Sorts the first `length` positions by falling score, the lower position first among equal ones.
    private static void sortFalling(int[] positions, int length, double[] scores) {
        Integer[] boxed = new Integer[length];
        Arrays.setAll(boxed, i -> positions[i]);
        Arrays.sort(boxed, (a, b) -> Double.compare(scores[b], scores[a]));
        for (int i = 0; i < length; i++) {
            positions[i] = boxed[i];
        }
    }

    /// First position of an ascending array whose value is more than `edge`.
    private static int upper(double[] ascending, double edge) {
        int low = 0;
        int high = ascending.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ascending[middle] > edge) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
