package dev.retort.nn.train;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// How often each class was taken for each other: row is the true class, column the predicted one.
public final class ConfusionMatrix {
    private final long[][] counts;

    /// An empty matrix for `classes` classes.
    ///
    /// @throws IllegalArgumentException if there is not at least one
    public ConfusionMatrix(int classes) {
        if (classes < 1) {
            throw new IllegalArgumentException("confusion matrix: expects at least 1 class, got " + classes);
        }
        counts = new long[classes][classes];
    }

    /// Adds a batch: logits `[N, C]`, classes `[N]`; samples with a negative class do not count.
    ///
    /// @throws OpException if the shapes do not fit
    public void add(Tensor logits, Tensor classes) {
        Logits batch = Logits.of("confusion matrix", logits, classes);
        if (batch.classes() != counts.length) {
            throw new OpException("confusion matrix: expects " + counts.length + " classes, got " + logits.type());
        }
        for (int i = 0; i < batch.rows(); i++) {
            if (batch.label(i) >= 0) {
                counts[batch.label(i)][batch.best(i)]++;
            }
        }
    }

    /// A copy of the counts, [true class][predicted class].
    public long[][] counts() {
        long[][] copy = new long[counts.length][];
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts[i].clone();
        }
        return copy;
    }

    /// Share of all samples on the diagonal; NaN if there are none.
    public double accuracy() {
        long hits = 0;
        long all = 0;
        for (int i = 0; i < counts.length; i++) {
            hits += counts[i][i];
            all += sum(counts[i]);
        }
        return (double) hits / all;
    }

    /// Share of the samples of a class that were recognised; NaN if there are none.
    public double recall(int c) {
        return (double) counts[c][c] / sum(counts[c]);
    }

    /// Share of the samples taken for a class that belong to it; NaN if there are none.
    public double precision(int c) {
        long taken = 0;
        for (long[] row : counts) {
            taken += row[c];
        }
        return (double) counts[c][c] / taken;
    }

    private static long sum(long[] row) {
        long sum = 0;
        for (long n : row) {
            sum += n;
        }
        return sum;
    }
}
