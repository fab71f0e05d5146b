package dev.retort.nn.train;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Share of samples whose class is among the k highest logits; k = 1 is accuracy. Samples with a negative
/// class do not count. Equal logits rank by class index.
public final class TopK {
    private final int k;
    private long hits;
    private long count;

    /// An empty count for `k` guesses.
    ///
    /// @throws OpException if k is below 1
    public TopK(int k) {
        if (k < 1) {
            throw new OpException("top-k: expects k >= 1, got " + k);
        }
        this.k = k;
    }

    /// Accuracy.
    public static TopK accuracy() {
        return new TopK(1);
    }

    /// Adds a batch: logits `[N, C]`, classes `[N]`.
    ///
    /// @throws OpException if the shapes do not fit
    public void add(Tensor logits, Tensor classes) {
        Logits batch = Logits.of("top-k", logits, classes);
        for (int i = 0; i < batch.rows(); i++) {
            int label = batch.label(i);
            if (label >= 0) {
                count++;
                hits += rank(batch, i, label) < k ? 1 : 0;
            }
        }
    }

    private static int rank(Logits batch, int row, int label) {
        float own = batch.at(row, label);
        int rank = 0;
        for (int c = 0; c < batch.classes(); c++) {
            float other = batch.at(row, c);
            rank += other > own || (other == own && c < label) ? 1 : 0;
        }
        return Float.isNaN(own) ? batch.classes() : rank;
    }

    /// The share in [0, 1], NaN if nothing was counted.
    public double value() {
        return (double) hits / count;
    }

    /// Samples that hit.
    public long hits() {
        return hits;
    }

    /// Samples counted.
    public long count() {
        return count;
    }
}
