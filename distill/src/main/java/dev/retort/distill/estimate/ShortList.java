package dev.retort.distill.estimate;

import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import java.util.Arrays;

/// The rule for k(x): how many of the teacher's most probable classes are taken to contain the truth.
/// Always at least 2.
///
/// Source: Kontonis et al., "SLaM: Student-Label Mixing for Distillation with Unlabeled Examples", 2023,
/// arXiv 2302.03806. The paper's exact rule and threshold are not known to us; these three are the
/// readings on offer.
public sealed interface ShortList {
    /// The least k.
    int LEAST = 2;

    /// The rule fitted to a validation set.
    ///
    /// @throws IllegalArgumentException if the labels do not fit the samples
    Sizes fit(Confidence validation, long[] labels);

    /// k of every sample of the pool.
    @FunctionalInterface
    interface Sizes {
        /// k of each sample, in [2, L].
        int[] at(Confidence samples);
    }

    /// The same k for every sample, capped at the number of classes.
    ///
    /// @param k at least 2
    record Fixed(int k) implements ShortList {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if k is below 2
        public Fixed {
            if (k < LEAST) {
                throw new IllegalArgumentException("short list: expected k of at least 2, got " + k);
            }
        }

        @Override
        public Sizes fit(Confidence validation, long[] labels) {
            return samples -> same(Math.min(k, samples.classes()), samples);
        }
    }

    /// The same k for every sample: the smallest with top-k accuracy of at least `threshold` on the
    /// validation set.
    ///
    /// @param threshold in (0, 1]; 0.9 is a good start
    record Global(double threshold) implements ShortList {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if the threshold is outside (0, 1]
        public Global {
            requireThreshold(threshold);
        }

        @Override
        public Sizes fit(Confidence validation, long[] labels) {
            int k = LEAST;
            while (k < validation.classes() && validation.topAccuracy(labels, k) < threshold) {
                k++;
            }
            int chosen = k;
            return samples -> same(chosen, samples);
        }
    }

    /// k by sample: the smallest l whose estimated probability that the truth is among the top l, an
    /// isotonic function of the teacher's margin for each l, made non-decreasing in l, reaches
    /// `threshold`; L if none does.
    ///
    /// Falls back to [Global] when the validation set has fewer than 100 samples.
    ///
    /// @param threshold in (0, 1]; 0.9 is a good start
    record Adaptive(double threshold) implements ShortList {
        private static final int ENOUGH = 100;

        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if the threshold is outside (0, 1]
        public Adaptive {
            requireThreshold(threshold);
        }

        @Override
        public Sizes fit(Confidence validation, long[] labels) {
            validation.requireLabels(labels);
            if (labels.length < ENOUGH) {
                return new Global(threshold).fit(validation, labels);
            }
            int classes = validation.classes();
            double[] margins = validation.margins();
            double[] weights = new double[labels.length];
            Arrays.fill(weights, 1);
            IsotonicRegression[] curves = new IsotonicRegression[classes]; // l = LEAST … L − 1
            for (int l = LEAST; l < classes; l++) {
                double[] listed = new double[labels.length];
                for (int row = 0; row < listed.length; row++) {
                    listed[row] = validation.rank(row, (int) labels[row]) < l ? 1 : 0;
                }
                curves[l] = IsotonicRegression.fit(margins, listed, weights, Prediction.INTERPOLATE);
            }
            return samples -> sizes(samples, curves);
        }

        // The first l that reaches the threshold is also the first whose running maximum does.
        private int[] sizes(Confidence samples, IsotonicRegression[] curves) {
            int[] out = new int[samples.size()];
            for (int row = 0; row < out.length; row++) {
                double margin = samples.margin(row);
                int l = LEAST;
                while (l < samples.classes() && curves[l].predict(margin) < threshold) {
                    l++;
                }
                out[row] = l;
            }
            return out;
        }
    }

    private static int[] same(int k, Confidence samples) {
        int[] out = new int[samples.size()];
        Arrays.fill(out, k);
        return out;
    }

    private static void requireThreshold(double threshold) {
        if (!(threshold > 0 && threshold <= 1)) {
            throw new IllegalArgumentException("short list: expected a threshold in (0, 1], got " + threshold);
        }
    }
}
