package dev.retort.distill.estimate;

/// The weight that makes a noisy teacher's loss, on average, the clean one, as a function of how sure
/// teacher and student are.
///
/// ```
/// w_f(x) = 1 / (1 + p(x) (d_f(x) − 1)) = l_true / E[l_teacher | x]
/// p(x)   = P(teacher is wrong | x),   d_f(x) = loss(wrong label, f(x)) / loss(true label, f(x))
/// ```
///
/// The true loss is known on the validation set only; there it is averaged over the k samples whose
/// (teacher, student) features are nearest. Any loss will do, of classes or of vectors. Losses are floored
/// at 1e-7.
///
/// Source: Iliopoulos, Kontonis, Baykal, Menghani, Trinh and Vee, "Weighted distillation with unlabeled
/// examples", 2022, arXiv 2210.06711. Which average the paper takes could not be read: [Estimator] has the
/// readings.
public final class DebiasWeights {
    private static final double FLOOR = 1e-7;
    private static final int LEAST_NEIGHBOURS = 5;

    private final Config config;
    private final double[][] points;
    private final double[] trueLoss;
    private final double[] teacherLoss;
    private final boolean[] wrong;
    private final int neighbours;

    private DebiasWeights(Config config, double[][] points, double[] trueLoss, double[] teacherLoss, boolean[] wrong) {
        this.config = config;
        this.points = points;
        this.trueLoss = trueLoss;
        this.teacherLoss = teacherLoss;
        this.wrong = wrong;
        int rule = Math.max(LEAST_NEIGHBOURS, (int) Math.round(0.5 * Math.sqrt(wrong.length)));
        neighbours = Math.min(wrong.length, config.neighbours == 0 ? rule : config.neighbours);
    }

    /// What is averaged over the neighbours.
    public enum Estimator {
        /// Σ l_true / Σ l_teacher: nearly unbiased, the default.
        RATIO_OF_SUMS,
        /// 1 / (1 + p̂ (d̂ − 1)), p̂ the share of wrong teacher labels and d̂ the ratio of the mean losses where
        /// it is wrong: nearly unbiased, a little noisier.
        RATE_AND_DISTORTION,
        /// The same with d̂ as the mean of the ratios: biased towards small weights.
        RATE_AND_MEAN_RATIO,
        /// Mean of min(1, l_true / l_teacher): biased towards large weights.
        POINTWISE_MEAN
    }

    /// How sure a network is, in [0, 1].
    public enum Feature {
        /// Difference of its two largest probabilities.
        MARGIN,
        /// Its entropy, divided by ln L.
        ENTROPY;

        /// Of every sample.
        double[] of(Confidence samples) {
            double[] out = new double[samples.size()];
            for (int row = 0; row < out.length; row++) {
                out[row] = this == MARGIN ? samples.margin(row) : samples.entropy(row);
            }
            return out;
        }
    }

    /// How weights are estimated.
    ///
    /// @param estimator  what is averaged
    /// @param feature    what similar samples are found by
    /// @param neighbours k; 0 for max(5, ½ √|V|)
    /// @param least      smallest weight, in [0, 1]
    /// @param most       largest weight, at least 1; infinite for none
    public record Config(Estimator estimator, Feature feature, int neighbours, double least, double most) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming the first value out of range
        public Config {
            if (neighbours < 0) {
                throw new IllegalArgumentException(
                        "debias weights: expected a number of neighbours of at least 0, got " + neighbours);
            }
            if (!(least >= 0 && least <= 1) || !(most >= 1)) {
                throw new IllegalArgumentException(
                        "debias weights: expected limits least in [0, 1] and most of at least 1, got " + least + " and "
                                + most);
            }
        }

        /// Ratio of sums, margins, k by the rule, weights in [0, 1].
        public static Config defaults() {
            return new Config(Estimator.RATIO_OF_SUMS, Feature.MARGIN, 0, 0, 1);
        }

        /// The same with another estimator.
        public Config withEstimator(Estimator value) {
            return new Config(value, feature, neighbours, least, most);
        }

        /// The same with another feature.
        public Config withFeature(Feature value) {
            return new Config(estimator, value, neighbours, least, most);
        }

        /// The same with another number of neighbours.
        public Config withNeighbours(int value) {
            return new Config(estimator, feature, value, least, most);
        }

        /// The same with other limits.
        public Config withLimits(double newLeast, double newMost) {
            return new Config(estimator, feature, neighbours, newLeast, newMost);
        }
    }

    /// The weight of one sample of which everything is known; 1 if the teacher is never wrong or the
    /// distortion is 1.
    ///
    /// @param errorRate  p, in [0, 1]
    /// @param distortion d, at least 0
    public static double exact(double errorRate, double distortion) {
        return 1 / (1 + errorRate * (distortion - 1));
    }

    /// The estimate from a validation set.
    ///
    /// @param teacher     what the teacher says about it
    /// @param student     what the student says about it
    /// @param trueLoss    the student's loss against the truth, a sample
    /// @param teacherLoss the student's loss against the teacher's label, a sample
    /// @param wrong       whether the teacher's label is wrong
    /// @throws IllegalArgumentException if the lengths differ or there is no sample
    public static DebiasWeights fit(
            Confidence teacher,
            Confidence student,
            double[] trueLoss,
            double[] teacherLoss,
            boolean[] wrong,
            Config config) {
        int size = teacher.size();
        if (size == 0
                || student.size() != size
                || trueLoss.length != size
                || teacherLoss.length != size
                || wrong.length != size) {
            throw new IllegalArgumentException("debias weights: expected as many losses and labels as samples, got "
                    + size + ", " + student.size() + ", " + trueLoss.length + ", " + teacherLoss.length + " and "
                    + wrong.length);
        }
        return new DebiasWeights(
                config,
                new double[][] {config.feature.of(teacher), config.feature.of(student)},
                floored(trueLoss),
                floored(teacherLoss),
                wrong.clone());
    }

    private static double[] floored(double[] losses) {
        double[] out = losses.clone();
        for (int i = 0; i < out.length; i++) {
            if (Double.isNaN(out[i])) {
                throw new IllegalArgumentException("debias weights: expected losses, got NaN at " + i);
            }
            // A loss that overflowed says no more than a very large one, and would spoil sums.
            out[i] = Math.clamp(out[i], FLOOR, Float.MAX_VALUE);
        }
        return out;
    }

    /// The weights of other samples, between the limits.
    ///
    /// @throws IllegalArgumentException if the numbers of samples differ
    public double[] at(Confidence teacher, Confidence student) {
        if (teacher.size() != student.size()) {
            throw new IllegalArgumentException(
                    "debias weights: expected the same samples, got " + teacher.size() + " and " + student.size());
        }
        double[] first = config.feature.of(teacher);
        double[] second = config.feature.of(student);
        double[] weights = new double[first.length];
        int[] nearest = new int[neighbours];
        double[] distances = new double[neighbours];
        for (int i = 0; i < weights.length; i++) {
            nearest(first[i], second[i], nearest, distances);
            weights[i] = Math.clamp(average(nearest), config.least, config.most);
        }
        return weights;
    }

    /// Fills in the nearest points, found by one pass that keeps the k best in order; of equally distant
    /// ones the earlier.
    private void nearest(double x, double y, int[] nearest, double[] distances) {
        int found = 0;
        for (int v = 0; v < wrong.length; v++) {
            double dx = points[0][v] - x;
            double dy = points[1][v] - y;
            double distance = dx * dx + dy * dy;
            if (found == nearest.length && distance >= distances[found - 1]) {
                continue;
            }
            int at = found < nearest.length ? found++ : found - 1;
            while (at > 0 && distances[at - 1] > distance) {
                distances[at] = distances[at - 1];
                nearest[at] = nearest[at - 1];
                at--;
            }
            distances[at] = distance;
            nearest[at] = v;
        }
    }

    private double average(int[] nearest) {
        return switch (config.estimator) {
            case RATIO_OF_SUMS -> sum(trueLoss, nearest, false) / sum(teacherLoss, nearest, false);
            case RATE_AND_DISTORTION -> {
                double distortion = sum(teacherLoss, nearest, true) / sum(trueLoss, nearest, true);
                yield errors(nearest) == 0 ? 1 : exact((double) errors(nearest) / nearest.length, distortion);
            }
            case RATE_AND_MEAN_RATIO -> {
                double ratios = 0;
                for (int v : nearest) {
                    ratios += wrong[v] ? teacherLoss[v] / trueLoss[v] : 0;
                }
                int errors = errors(nearest);
                yield errors == 0 ? 1 : exact((double) errors / nearest.length, ratios / errors);
            }
            case POINTWISE_MEAN -> {
                double sum = 0;
                for (int v : nearest) {
                    sum += Math.min(1, trueLoss[v] / teacherLoss[v]);
                }
                yield sum / nearest.length;
            }
        };
    }

    private double sum(double[] losses, int[] nearest, boolean wrongOnly) {
        double sum = 0;
        for (int v : nearest) {
            sum += wrongOnly && !wrong[v] ? 0 : losses[v];
        }
        return sum;
    }

    private int errors(int[] nearest) {
        int errors = 0;
        for (int v : nearest) {
            errors += wrong[v] ? 1 : 0;
        }
        return errors;
    }
}
