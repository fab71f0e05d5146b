package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// LU decomposition with row pivots and what rests on it, one matrix of the batch after the other, in double.
final class LuReference {
    private LuReference() {}

    /// Decomposes the m x n matrix at `a[at]`, …: below the diagonal L, on and above it U. `rows[to + i]` becomes the
    /// row that went to i.
    ///
    /// @return the sign of the permutation
    private static int decompose(double[] a, int at, int m, int n, long[] rows, int to) {
        for (int i = 0; i < m; i++) {
            rows[to + i] = i;
        }
        int sign = 1;
        for (int j = 0; j < Math.min(m, n); j++) {
            int pivot = j;
            for (int i = j + 1; i < m; i++) {
                pivot = Math.abs(a[at + i * n + j]) > Math.abs(a[at + pivot * n + j]) ? i : pivot;
            }
            if (pivot != j) {
                swap(a, at + j * n, at + pivot * n, n);
                long row = rows[to + j];
                rows[to + j] = rows[to + pivot];
                rows[to + pivot] = row;
                sign = -sign;
            }
            if (a[at + j * n + j] != 0) {
                eliminate(a, at, m, n, j);
            }
        }
        return sign;
    }

    private static void swap(double[] a, int first, int second, int n) {
        for (int k = 0; k < n; k++) {
            double x = a[first + k];
            a[first + k] = a[second + k];
            a[second + k] = x;
        }
    }

    /// Row j times a[i,j]/a[j,j] is taken from the rows i below it.
    private static void eliminate(double[] a, int at, int m, int n, int j) {
        for (int i = j + 1; i < m; i++) {
            double factor = a[at + i * n + j] / a[at + j * n + j];
            a[at + i * n + j] = factor;
            for (int k = j + 1; k < n; k++) {
                a[at + i * n + k] -= factor * a[at + j * n + k];
            }
        }
    }

    static Tensor[] factors(Tensor input, TensorType[] types) {
        int m = input.size(-2);
        int n = input.size(-1);
        int r = Math.min(m, n);
        double[] a = Elements.doubles(input).clone();
        double[] l = new double[types[0].shape().numel()];
        double[] u = new double[types[1].shape().numel()];
        long[] rows = new long[types[2].shape().numel()];
        for (int matrix = 0; matrix < rows.length / Math.max(1, m); matrix++) {
            int at = matrix * m * n;
            decompose(a, at, m, n, rows, matrix * m);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < Math.min(i, r); j++) {
                    l[(matrix * m + i) * r + j] = a[at + i * n + j];
                }
                if (i < r) {
                    l[(matrix * m + i) * r + i] = 1;
                    System.arraycopy(a, at + i * n + i, u, (matrix * r + i) * n + i, n - i);
                }
            }
        }
        return new Tensor[] {Elements.tensor(l, types[0]), Elements.tensor(u, types[1]), Elements.tensor(rows, types[2])
        };
    }

    /// Forward through L, then backward through U.
    static Tensor solve(Tensor left, Tensor right, TensorType type) {
        int n = left.size(-1);
        int cols = right.size(-1);
        double[] a = Elements.doubles(left).clone();
        double[] b = Elements.doubles(right);
        double[] x = new double[b.length];
        long[] rows = new long[n];
        for (int matrix = 0; matrix < LinalgReference.batch(left, n * n); matrix++) {
            int at = matrix * n * n;
            decompose(a, at, n, n, rows, 0);
            for (int i = 0; i < n; i++) {
                if (a[at + i * n + i] == 0) {
                    throw new OpException("solve: expects invertible matrices, got pivot " + i + " of matrix " + matrix
                            + " = 0.0 in " + left.type());
                }
                System.arraycopy(b, (matrix * n + (int) rows[i]) * cols, x, (matrix * n + i) * cols, cols);
            }
            for (int i = 0; i < n; i++) {
                reduce(a, at + i * n, x, matrix * n * cols, cols, i, 0, i);
            }
            for (int i = n - 1; i >= 0; i--) {
                reduce(a, at + i * n, x, matrix * n * cols, cols, i, i + 1, n);
                for (int k = 0; k < cols; k++) {
                    x[(matrix * n + i) * cols + k] /= a[at + i * n + i];
                }
            }
        }
        return Elements.tensor(x, type);
    }

    /// x[i] −= Σ_j a[row + j] · x[j] for from ≤ j < to; x has `cols` columns and begins at `xo`.
    private static void reduce(double[] a, int row, double[] x, int xo, int cols, int i, int from, int to) {
        for (int j = from; j < to; j++) {
            for (int k = 0; k < cols; k++) {
                x[xo + i * cols + k] -= a[row + j] * x[xo + j * cols + k];
            }
        }
    }

    /// The products of the pivots, or their signs and the sums of their logarithms.
    static Tensor[] determinants(Tensor input, TensorType[] types, boolean logarithms) {
        int n = input.size(-1);
        double[] a = Elements.doubles(input).clone();
        double[] first = new double[types[0].shape().numel()];
        double[] logs = new double[first.length];
        long[] rows = new long[n];
        for (int matrix = 0; matrix < first.length; matrix++) {
            first[matrix] = decompose(a, matrix * n * n, n, n, rows, 0);
            for (int i = 0; i < n; i++) {
                double pivot = a[(matrix * n + i) * n + i];
                first[matrix] *= logarithms ? Math.signum(pivot) : pivot;
                logs[matrix] += StrictMath.log(Math.abs(pivot));
            }
        }
        Tensor result = Elements.tensor(first, types[0]);
        return logarithms ? new Tensor[] {result, Elements.tensor(logs, types[1])} : new Tensor[] {result};
    }
}
