package dev.retort.nn.train;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Expected calibration error: Σ_b (n_b/n)·|accuracy_b − confidence_b| over equal-width bins of the
/// highest probability (Guo, Pleiss, Sun and Weinberger, 2017, arXiv 1706.04599).
public final class CalibrationError {
    private final long[] counts;
    private final long[] hits;
    private final double[] confidences;

    /// Fifteen bins.
    public CalibrationError() {
        this(15);
    }

    /// The given number of bins.
    public CalibrationError(int bins) {
        if (bins < 1) {
            throw new OpException("calibration error: expects bins >= 1, got " + bins);
        }
        counts = new long[bins];
        hits = new long[bins];
        confidences = new double[bins];
    }

    /// Adds a batch: logits `[N, C]`, classes `[N]`; samples with a negative class do not count.
    ///
    /// @throws OpException if the shapes do not fit
    public void add(Tensor logits, Tensor classes) {
        Logits batch = Logits.of("calibration error", logits, classes);
        for (int i = 0; i < batch.rows(); i++) {
            if (batch.label(i) >= 0) {
                int guess = batch.best(i);
                double confidence = batch.probability(i, guess);
                // Bins are open on the left: (b/B, (b + 1)/B].
                int bin = Math.clamp((int) Math.ceil(confidence * counts.length) - 1, 0, counts.length - 1);
                counts[bin]++;
                confidences[bin] += confidence;
                hits[bin] += guess == batch.label(i) ? 1 : 0;
            }
        }
    }

    /// The error in [0, 1], NaN if nothing was counted.
    public double value() {
        long all = 0;
        double gaps = 0;
        for (int b = 0; b < counts.length; b++) {
            all += counts[b];
            gaps += Math.abs(hits[b] - confidences[b]);
        }
        return gaps / all;
    }

    /// Samples in each bin.
    public long[] counts() {
        return counts.clone();
    }

    /// Mean confidence of each bin, NaN where it is empty.
    public double[] confidences() {
        double[] means = new double[counts.length];
        for (int b = 0; b < means.length; b++) {
            means[b] = confidences[b] / counts[b];
        }
        return means;
    }

    /// Accuracy of each bin, NaN where it is empty.
    public double[] accuracies() {
        double[] shares = new double[counts.length];
        for (int b = 0; b < shares.length; b++) {
            shares[b] = (double) hits[b] / counts[b];
        }
        return shares;
    }
}
