package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import java.util.Arrays;

/// Eigenvalues and eigenvectors of one symmetric matrix: Householder's reduction to a tridiagonal matrix
/// T = QᵀAQ, then QR steps with Wilkinson's shift until T is diagonal. Error about n · 2⁻⁵³ · ‖A‖.
///
/// Source: Golub and Van Loan, "Matrix Computations", 3rd edition, 1996, section 8.3.
final class SymmetricEigen {
    private static final double ROUNDING = 0x1.0p-53;
    private static final int STEPS_PER_VALUE = 60; // about two are usual

    private final int n;
    private final double[] a;
    private final double[] diagonal;
    private final double[] beside; // element i couples i and i + 1
    private final double[] q; // rows are the columns of Q, so that rotations run along memory

    private SymmetricEigen(double[] a, int n) {
        this.n = n;
        this.a = a;
        diagonal = new double[n];
        beside = new double[n];
        q = new double[n * n];
    }

    /// Writes the ascending eigenvalues to `values` and the eigenvectors, as columns of a row-major n x n
    /// matrix, to `vectors`. The largest element of each vector (the first of equals) is positive.
    /// `matrix` must be finite; it is overwritten.
    static void decompose(double[] matrix, int n, double[] values, int valuesAt, double[] vectors, int vectorsAt) {
        double scale = scaled(matrix);
        SymmetricEigen eigen = new SymmetricEigen(matrix, n);
        eigen.tridiagonalise();
        eigen.diagonalise();
        int[] order = eigen.ascending();
        for (int j = 0; j < n; j++) {
            values[valuesAt + j] = eigen.diagonal[order[j]] * scale;
            double sign = sign(eigen.q, order[j] * n, n);
            for (int i = 0; i < n; i++) {
                vectors[vectorsAt + i * n + j] = sign * eigen.q[order[j] * n + i];
            }
        }
    }

    /// −1 if the largest element of a vector is negative, else 1.
    static double sign(double[] vector, int at, int length) {
        double largest = 0;
        for (int i = at; i < at + length; i++) {
            largest = Math.abs(vector[i]) > Math.abs(largest) ? vector[i] : largest;
        }
        return largest < 0 ? -1 : 1;
    }

    /// Divides by the largest element, so that no square overflows; returns it (1 for a zero matrix).
    private static double scaled(double[] matrix) {
        double scale = 0;
        for (double v : matrix) {
            scale = Math.max(scale, Math.abs(v));
        }
        scale = scale == 0 ? 1 : scale;
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] /= scale;
        }
        return scale;
    }

    // for k = 0 … n − 3: with v the Householder vector that maps column k below the diagonal to a multiple of e₁ and
    // β = 2/vᵀv, the remaining block becomes HBH = B − v·wᵀ − w·vᵀ, w = βBv − (β²/2)(vᵀBv)·v, H = I − βvvᵀ
    private void tridiagonalise() {
        for (int i = 0; i < n; i++) {
            q[i * n + i] = 1;
        }
        double[] v = new double[n];
        double[] w = new double[n];
        for (int k = 0; k < n - 1; k++) {
            double tail = 0;
            for (int i = k + 1; i < n; i++) {
                v[i] = a[i * n + k];
                tail += i > k + 1 ? v[i] * v[i] : 0;
            }
            beside[k] = v[k + 1];
            if (tail == 0) {
                continue; // tridiagonal here already
            }
            beside[k] = -Math.copySign(Math.sqrt(v[k + 1] * v[k + 1] + tail), v[k + 1]);
            v[k + 1] -= beside[k];
            double beta = 2 / (v[k + 1] * v[k + 1] + tail);
            reflectBlock(v, w, beta, k + 1);
            reflectBasis(v, w, beta, k + 1);
        }
        for (int i = 0; i < n; i++) {
            diagonal[i] = a[i * n + i];
        }
    }

    private void reflectBlock(double[] v, double[] w, double beta, int from) {
        double dot = 0;
        for (int i = from; i < n; i++) {
            w[i] = 0;
            for (int j = from; j < n; j++) {
                w[i] += a[i * n + j] * v[j];
            }
            w[i] *= beta;
            dot += v[i] * w[i];
        }
        for (int i = from; i < n; i++) {
            w[i] -= 0.5 * beta * dot * v[i];
        }
        for (int i = from; i < n; i++) {
            for (int j = from; j < n; j++) {
                a[i * n + j] -= v[i] * w[j] + w[i] * v[j];
            }
        }
    }

    // Qᵀ ← H·Qᵀ
    private void reflectBasis(double[] v, double[] w, double beta, int from) {
        Arrays.fill(w, 0);
        for (int i = from; i < n; i++) {
            for (int j = 0; j < n; j++) {
                w[j] += v[i] * q[i * n + j];
            }
        }
        for (int i = from; i < n; i++) {
            double factor = beta * v[i];
            for (int j = 0; j < n; j++) {
                q[i * n + j] -= factor * w[j];
            }
        }
    }

    private void diagonalise() {
        int steps = 0;
        int high = n - 1;
        while (high > 0) {
            if (isNegligible(high - 1)) {
                high--;
                continue;
            }
            int low = high - 1;
            while (low > 0 && !isNegligible(low - 1)) {
                low--;
            }
            if (++steps > STEPS_PER_VALUE * n) {
                throw new OpException(
                        "eigh: no convergence after " + steps + " QR steps of a matrix of " + n + " rows");
            }
            qrStep(low, high);
        }
    }

    private boolean isNegligible(int i) {
        double limit = ROUNDING * (Math.abs(diagonal[i]) + Math.abs(diagonal[i + 1]));
        return Math.abs(beside[i]) <= Math.max(limit, Double.MIN_NORMAL);
    }

    // T − μI = QR, T ← RQ + μI without forming it: a rotation of rows low and low + 1 as for T − μI
    // makes a bulge outside the three diagonals, which further rotations push down and out; μ is the
    // eigenvalue of the last 2 x 2 block that is closer to its last element
    private void qrStep(int low, int high) {
        double half = (diagonal[high - 1] - diagonal[high]) / 2;
        double last = beside[high - 1];
        double shift = diagonal[high] - last * (last / (half + Math.copySign(StrictMath.hypot(half, last), half)));
        double x = diagonal[low] - shift;
        double bulge = beside[low];
        for (int k = low; k < high; k++) {
            double r = StrictMath.hypot(x, bulge);
            double c = r == 0 ? 1 : x / r;
            double s = r == 0 ? 0 : bulge / r;
            if (k > low) {
                beside[k - 1] = r;
            }
            double d0 = diagonal[k];
            double d1 = diagonal[k + 1];
            double e = beside[k];
            diagonal[k] = c * c * d0 + 2 * c * s * e + s * s * d1;
            diagonal[k + 1] = s * s * d0 - 2 * c * s * e + c * c * d1;
            beside[k] = c * s * (d1 - d0) + (c * c - s * s) * e;
            if (k < high - 1) {
                x = beside[k];
                bulge = s * beside[k + 1];
                beside[k + 1] *= c;
            }
            rotate(k, c, s);
        }
    }

    private void rotate(int k, double c, double s) {
        int upper = k * n;
        int lower = upper + n;
        for (int j = 0; j < n; j++) {
            double p = q[upper + j];
            double r = q[lower + j];
            q[upper + j] = c * p + s * r;
            q[lower + j] = c * r - s * p;
        }
    }

    /// Positions of the eigenvalues in ascending order; equal ones keep their order.
    private int[] ascending() {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int at = i;
            while (at > 0 && diagonal[order[at - 1]] > diagonal[i]) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = i;
        }
        return order;
    }
}
