package dev.retort.distill.estimate;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How a teacher's label depends on the true class: a matrix T with Tᵢⱼ = P(teacher says j | truth is i),
/// whose rows sum to 1.
public sealed interface Transition {
    /// The matrix `[L][L]`.
    ///
    /// @param teacher what the teacher says about the validation set
    /// @param labels  its true classes
    /// @param soft    whether the teacher's label is its probabilities, whose mean by true class is wanted,
    ///     and not its most probable class
    /// @throws IllegalArgumentException if the matrix does not fit the number of classes, or a class is not
    ///     in the validation set and there is no smoothing
    double[][] matrix(Confidence teacher, long[] labels, boolean soft);

    /// A matrix that is known, as with synthetic noise.
    ///
    /// @param rows `[L][L]`, each row non-negative with sum 1
    record Known(List<List<Double>> rows) implements Transition {
        private static final double TOLERANCE = 1e-6;

        /// Checks that it is square and its rows are distributions.
        ///
        /// @throws IllegalArgumentException if not
        public Known {
            rows = rows.stream().map(List::copyOf).toList();
            for (List<Double> row : rows) {
                double sum = row.stream().mapToDouble(Double::doubleValue).sum();
                if (row.size() != rows.size()
                        || Math.abs(sum - 1) > TOLERANCE
                        || row.stream().anyMatch(p -> !(p >= 0))) {
                    throw new IllegalArgumentException("transition: expected a square matrix of distributions, got row "
                            + row + " of " + rows.size());
                }
            }
        }

        /// Right with probability 1 − rate, else a uniformly random other class.
        ///
        /// @param rate in [0, 1]
        public static Known symmetric(int classes, double rate) {
            double[][] matrix = new double[classes][classes];
            for (int i = 0; i < classes; i++) {
                Arrays.fill(matrix[i], rate / (classes - 1));
                matrix[i][i] = 1 - rate;
            }
            return new Known(Arrays.stream(matrix)
                    .map(row -> Arrays.stream(row).boxed().toList())
                    .toList());
        }

        @Override
        public double[][] matrix(Confidence teacher, long[] labels, boolean soft) {
            if (teacher.classes() != rows.size()) {
                throw new IllegalArgumentException(
                        "transition: expected " + teacher.classes() + " rows, got " + rows.size());
            }
            return rows.stream()
                    .map(row -> row.stream().mapToDouble(Double::doubleValue).toArray())
                    .toArray(double[][]::new);
        }
    }

    /// Counted on the validation set.
    ///
    /// ```
    /// Tᵢⱼ = (Σ_{v: y_v = i} said_vⱼ + s/L) / (n_i + s)
    /// ```
    ///
    /// @param smoothing s, how many samples with a uniform label each class is given beside its own, at
    ///     least 0
    record Counted(double smoothing) implements Transition {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if the smoothing is negative or not finite
        public Counted {
            if (!(smoothing >= 0) || Double.isInfinite(smoothing)) {
                throw new IllegalArgumentException("transition: expected a smoothing of at least 0, got " + smoothing);
            }
        }

        @Override
        public double[][] matrix(Confidence teacher, long[] labels, boolean soft) {
            teacher.requireLabels(labels);
            int classes = teacher.classes();
            double[][] matrix = new double[classes][classes];
            double[] counts = new double[classes];
            for (int row = 0; row < labels.length; row++) {
                int truth = (int) labels[row];
                counts[truth]++;
                for (int j = 0; j < classes; j++) {
                    matrix[truth][j] += soft ? teacher.probability(row, j) : teacher.top(row) == j ? 1 : 0;
                }
            }
            for (int i = 0; i < classes; i++) {
                if (counts[i] + smoothing == 0) {
                    throw new IllegalArgumentException("transition: expected class " + i
                            + " in the validation set, it is not there; use some smoothing");
                }
                for (int j = 0; j < classes; j++) {
                    matrix[i][j] = (matrix[i][j] + smoothing / classes) / (counts[i] + smoothing);
                }
            }
            return matrix;
        }
    }

    /// The inverse of T, or of a blend of T with the identity: the first of T, 0.95 T + 0.05 I, 0.9 T + 0.1 I, …
    /// whose inverse exists and has no entry above `largest`. A teacher that never says a class has a T
    /// without inverse.
    ///
    /// @param largest at least 1
    static double[][] stableInverse(double[][] matrix, double largest) {
        for (int step = 0; ; step++) {
            double share = Math.min(1, 0.05 * step);
            double[][] blend = new double[matrix.length][matrix.length];
            for (int i = 0; i < matrix.length; i++) {
                for (int j = 0; j < matrix.length; j++) {
                    blend[i][j] = (1 - share) * matrix[i][j] + (i == j ? share : 0);
                }
            }
            double[][] found = inverseOrNull(blend);
            boolean stable = found != null
                    && Arrays.stream(found).flatMapToDouble(Arrays::stream).allMatch(v -> Math.abs(v) <= largest);
            if (found != null && (stable || share == 1)) {
                return found;
            }
        }
    }

    /// The inverse of a square matrix, by elimination with pivots.
    ///
    /// @throws IllegalArgumentException if it has none, or next to none
    static double[][] inverse(double[][] matrix) {
        double[][] found = inverseOrNull(matrix);
        if (found == null) {
            throw new IllegalArgumentException(
                    "transition: expected a matrix that can be inverted, this one is singular");
        }
        return found;
    }

    private static double @Nullable [][] inverseOrNull(double[][] matrix) {
        int n = matrix.length;
        double[][] work = new double[n][];
        for (int i = 0; i < n; i++) {
            work[i] = Arrays.copyOf(matrix[i], 2 * n);
            work[i][n + i] = 1;
        }
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                pivot = Math.abs(work[row][column]) > Math.abs(work[pivot][column]) ? row : pivot;
            }
            if (Math.abs(work[pivot][column]) < 1e-9) {
                return null;
            }
            double[] swapped = work[pivot];
            work[pivot] = work[column];
            work[column] = swapped;
            eliminate(work, column);
        }
        return Arrays.stream(work).map(row -> Arrays.copyOfRange(row, n, 2 * n)).toArray(double[][]::new);
    }

    private static void eliminate(double[][] work, int column) {
        double scale = work[column][column];
        for (int j = 0; j < work[column].length; j++) {
            work[column][j] /= scale;
        }
        for (int row = 0; row < work.length; row++) {
            double factor = row == column ? 0 : work[row][column];
            for (int j = 0; factor != 0 && j < work[row].length; j++) {
                work[row][j] -= factor * work[column][j];
            }
        }
    }
}
