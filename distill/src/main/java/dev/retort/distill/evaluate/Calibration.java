package dev.retort.distill.evaluate;

import java.util.ArrayList;
import java.util.List;

/// How the share of correct answers goes with a score in [0, 1], in bins of equal width.
///
/// @param bins those with at least one sample, ascending
public record Calibration(List<Bin> bins) {
    /// Samples with similar scores.
    ///
    /// @param from     lower edge
    /// @param to       upper edge; included in the last bin only
    /// @param count    number of samples, at least 1
    /// @param score    mean score
    /// @param accuracy share of correct samples
    public record Bin(double from, double to, int count, double score, double accuracy) {}

    /// A fixed list of bins.
    public Calibration {
        bins = List.copyOf(bins);
    }

    /// By the probability of the predicted class.
    public static Calibration ofConfidence(Predictions predictions, int bins) {
        double[] scores = new double[predictions.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = predictions.confidence().probability(i, predictions.predicted(i));
        }
        return of(predictions, scores, bins);
    }

    /// By the margin between the two most probable classes, which is what SLaM's estimate goes by.
    public static Calibration ofMargin(Predictions predictions, int bins) {
        return of(predictions, predictions.confidence().margins(), bins);
    }

    private static Calibration of(Predictions predictions, double[] scores, int bins) {
        if (bins < 1) {
            throw new IllegalArgumentException("calibration: expected at least one bin, got " + bins);
        }
        int[] counts = new int[bins];
        double[] sums = new double[bins];
        int[] correct = new int[bins];
        for (int i = 0; i < scores.length; i++) {
            int bin = Math.min(bins - 1, (int) (scores[i] * bins));
            counts[bin]++;
            sums[bin] += scores[i];
            correct[bin] += predictions.isCorrect(i) ? 1 : 0;
        }
        List<Bin> filled = new ArrayList<>();
        for (int b = 0; b < bins; b++) {
            if (counts[b] > 0) {
                filled.add(new Bin(
                        (double) b / bins,
                        (b + 1.0) / bins,
                        counts[b],
                        sums[b] / counts[b],
                        (double) correct[b] / counts[b]));
            }
        }
        return new Calibration(filled);
    }

    /// Mean |accuracy − score| over the bins, weighted by their counts: the expected calibration error if
    /// the score is the predicted probability (Guo et al., 2017, arXiv 1706.04599).
    public double error() {
        double sum = 0;
        int total = 0;
        for (Bin bin : bins) {
            sum += bin.count() * Math.abs(bin.accuracy() - bin.score());
            total += bin.count();
        }
        return total == 0 ? 0 : sum / total;
    }
}
