package dev.retort.distill.estimate;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;

/// A teacher's class probabilities for some samples, row by row, and what can be read from them.
///
/// All numbers are float64 and taken from logits, so a cache of logits serves every temperature. Ties
/// between classes go to the lower class number, in every method alike.
public final class Confidence {
    private final double[] probabilities;
    private final int classes;

    private Confidence(double[] probabilities, int classes) {
        this.probabilities = probabilities;
        this.classes = classes;
    }

    /// The softmax of logits [N, L].
    ///
    /// @throws IllegalArgumentException if the logits are not a matrix of at least two columns, or one is
    ///     not finite
    public static Confidence ofLogits(Tensor logits) {
        if (logits.rank() != 2 || logits.size(1) < 2) {
            throw new IllegalArgumentException(
                    "confidence: expected logits [N, L] with L of at least 2, got " + logits.type());
        }
        double[] z = logits.detach().to(DType.F64).toDoubles();
        for (int i = 0; i < z.length; i++) {
            if (!Double.isFinite(z[i])) {
                throw new IllegalArgumentException(
                        "confidence: expected finite logits, got " + z[i] + " in row " + i / logits.size(1));
            }
        }
        return new Confidence(softmax(z, logits.size(1)), logits.size(1));
    }

    private static double[] softmax(double[] z, int classes) {
        double[] p = new double[z.length];
        for (int start = 0; start < z.length; start += classes) {
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < classes; j++) {
                max = Math.max(max, z[start + j]);
            }
            double sum = 0;
            for (int j = 0; j < classes; j++) {
                p[start + j] = StrictMath.exp(z[start + j] - max);
                sum += p[start + j];
            }
            for (int j = 0; j < classes; j++) {
                p[start + j] /= sum;
            }
        }
        return p;
    }

    /// Number of samples.
    public int size() {
        return probabilities.length / classes;
    }

    /// Number of classes L.
    public int classes() {
        return classes;
    }

    /// Probability of `label` for sample `row`.
    public double probability(int row, int label) {
        return probabilities[row * classes + label];
    }

    /// The most probable class of sample `row`.
    public int top(int row) {
        int best = 0;
        for (int j = 1; j < classes; j++) {
            if (probability(row, j) > probability(row, best)) {
                best = j;
            }
        }
        return best;
    }

    /// Difference of the two largest probabilities of sample `row`, in [0, 1].
    public double margin(int row) {
        double first = Double.NEGATIVE_INFINITY;
        double second = Double.NEGATIVE_INFINITY;
        for (int j = 0; j < classes; j++) {
            double p = probability(row, j);
            if (p > first) {
                second = first;
                first = p;
            } else if (p > second) {
                second = p;
            }
        }
        return first - second;
    }

    /// The margins of all samples.
    public double[] margins() {
        double[] out = new double[size()];
        for (int row = 0; row < out.length; row++) {
            out[row] = margin(row);
        }
        return out;
    }

    /// Entropy of sample `row` divided by ln L, in [0, 1].
    public double entropy(int row) {
        double sum = 0;
        for (int j = 0; j < classes; j++) {
            double p = probability(row, j);
            sum -= p > 0 ? p * StrictMath.log(p) : 0;
        }
        return Math.clamp(sum / StrictMath.log(classes), 0, 1);
    }

    /// Cross-entropy −ln p of `label` for sample `row`; infinite where the probability is 0.
    public double crossEntropy(int row, int label) {
        return -StrictMath.log(probability(row, label));
    }

    /// How many classes come before `label` in sample `row`: 0 if it is the most probable one.
    public int rank(int row, int label) {
        double own = probability(row, label);
        int before = 0;
        for (int j = 0; j < classes; j++) {
            double p = probability(row, j);
            before += p > own || (p == own && j < label) ? 1 : 0;
        }
        return before;
    }

    /// 1 on the k most probable classes of each sample, else 0.
    ///
    /// @param k one number of classes a sample
    /// @return `F32` [N, L]
    public Tensor listed(int[] k) {
        float[] mask = new float[probabilities.length];
        for (int row = 0; row < size(); row++) {
            int start = row * classes;
            Integer[] order = new Integer[classes];
            Arrays.setAll(order, j -> j);
            // Stable, so that equal probabilities stay in the order of the classes.
            Arrays.sort(order, Comparator.comparingDouble(j -> -probabilities[start + j]));
            for (int i = 0; i < k[row]; i++) {
                mask[start + order[i]] = 1;
            }
        }
        return Tensor.wrap(DType.F32, mask, size(), classes);
    }

    /// Share of samples whose label is among the `k` most probable classes.
    ///
    /// @throws IllegalArgumentException if the labels are not one valid class a sample
    public double topAccuracy(long[] labels, int k) {
        requireLabels(labels);
        int hits = 0;
        for (int row = 0; row < labels.length; row++) {
            hits += rank(row, (int) labels[row]) < k ? 1 : 0;
        }
        return (double) hits / labels.length;
    }

    /// Checks that there is one valid class a sample, and at least one sample.
    ///
    /// @throws IllegalArgumentException if not
    public void requireLabels(long[] labels) {
        if (labels.length != size() || labels.length == 0) {
            throw new IllegalArgumentException("confidence: expected one label a sample and at least one sample, got "
                    + labels.length + " labels for " + size() + " samples");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] < 0 || labels[i] >= classes) {
                throw new IllegalArgumentException(
                        "confidence: expected labels in [0, " + classes + "), got " + labels[i] + " at " + i);
            }
        }
    }
}
