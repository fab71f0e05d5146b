package dev.retort.distill.method;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Draws for each sample K samples of other classes.
final class CrdNegatives {
    private final long[] classes;
    private final int[][] others;
    private final int count;

    /// @throws IllegalArgumentException if all samples are of one class
    CrdNegatives(long[] classOfSample, int classes, int wanted) {
        this.classes = classOfSample;
        others = new int[classes][];
        int[] sizes = new int[classes];
        for (long c : classOfSample) {
            sizes[(int) c]++;
        }
        int most = 0;
        for (int c = 0; c < classes; c++) {
            others[c] = new int[classOfSample.length - sizes[c]];
            int at = 0;
            for (int i = 0; i < classOfSample.length; i++) {
                if (classOfSample[i] != c) {
                    others[c][at++] = i;
                }
            }
            if (sizes[c] > 0 && at == 0) {
                throw new IllegalArgumentException(
                        "crd: expected samples of at least two classes, got only class " + c);
            }
            most = Math.max(most, sizes[c] > 0 ? at : 0);
        }
        count = Math.min(wanted, most);
    }

    /// K.
    int count() {
        return count;
    }

    /// The sample itself in column 0, then its negatives: `I64` [B, 1 + K].
    Tensor draw(int[] indices, Rng rng) {
        long[] out = new long[indices.length * (count + 1)];
        for (int row = 0; row < indices.length; row++) {
            int[] pool = others[(int) classes[indices[row]]];
            int start = row * (count + 1);
            out[start] = indices[row];
            if (count <= pool.length) {
                int[] order = rng.permutation(pool.length);
                for (int k = 0; k < count; k++) {
                    out[start + 1 + k] = pool[order[k]];
                }
            } else {
                for (int k = 0; k < count; k++) {
                    out[start + 1 + k] = pool[rng.nextInt(pool.length)];
                }
            }
        }
        return Tensor.wrap(DType.I64, out, indices.length, count + 1);
    }
}
