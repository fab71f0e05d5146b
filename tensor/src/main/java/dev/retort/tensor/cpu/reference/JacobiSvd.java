package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;

/// Thin singular value decomposition of one matrix, A = U·diag(s)·Vh, by one-sided Jacobi rotations:
/// pairs of columns are rotated until all are orthogonal; their lengths are the singular values, the
/// rotations together are V.
///
/// Source: Hestenes, "Inversion of matrices by biorthogonalization and related results", 1958.
///
/// @param u  m x r, row-major, orthonormal columns; the largest element of each (the first of equals) is
///           positive
/// @param s  r values, descending
/// @param vh r x n, row-major, orthonormal rows
record JacobiSvd(double[] u, double[] s, double[] vh) {
    private static final double ROUNDING = 0x1.0p-53;
    private static final int MAX_SWEEPS = 60; // six to ten are usual

    /// The decomposition of a finite row-major m x n matrix.
    static JacobiSvd of(double[] a, int m, int n) {
        double scale = 0;
        for (double v : a) {
            scale = Math.max(scale, Math.abs(v));
        }
        scale = scale == 0 ? 1 : scale; // squares of elements up to 1 do not overflow
        boolean tall = m >= n;
        int length = Math.max(m, n);
        int count = Math.min(m, n);
        double[] columns = new double[length * count]; // each column of A (or of Aᵀ, if that is tall) is a row here
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                columns[tall ? j * length + i : i * length + j] = a[i * n + j] / scale;
            }
        }
        double[] rotations = new double[count * count];
        for (int i = 0; i < count; i++) {
            rotations[i * count + i] = 1;
        }
        orthogonalise(columns, length, rotations, count);
        double[] lengths = new double[count];
        for (int i = 0; i < count; i++) {
            lengths[i] = Math.sqrt(dot(columns, i * length, i * length, length));
        }
        int[] order = descending(lengths);
        double[] basis = normalised(columns, length, lengths, order);
        double[] other = new double[count * count];
        double[] s = new double[count];
        for (int i = 0; i < count; i++) {
            System.arraycopy(rotations, order[i] * count, other, i * count, count);
            s[i] = lengths[order[i]] * scale;
        }
        return tall ? oriented(basis, s, other, m, n) : oriented(other, s, basis, m, n);
    }

    // for each pair of columns x, y with x·y ≠ 0: the rotation (x, y) ← (c·x − s·y, s·x + c·y) that
    // makes them orthogonal has t = s/c = sign(ζ)/(|ζ| + √(1 + ζ²)), ζ = (|y|² − |x|²)/(2·x·y)
    private static void orthogonalise(double[] columns, int length, double[] rotations, int count) {
        double tolerance = 4 * Math.sqrt(length) * ROUNDING;
        double all = dot(columns, 0, 0, columns.length);
        double noise = ROUNDING * ROUNDING * all; // x·y of columns that are nothing but rounding errors
        boolean rotated = true;
        for (int sweep = 0; rotated; sweep++) {
            if (sweep == MAX_SWEEPS) {
                throw new OpException("svd: no convergence after " + sweep + " sweeps of " + count + " columns");
            }
            rotated = false;
            for (int p = 0; p < count - 1; p++) {
                for (int q = p + 1; q < count; q++) {
                    double xx = dot(columns, p * length, p * length, length);
                    double yy = dot(columns, q * length, q * length, length);
                    double xy = dot(columns, p * length, q * length, length);
                    if (Math.abs(xy) <= Math.max(noise, tolerance * Math.sqrt(xx) * Math.sqrt(yy))) {
                        continue;
                    }
                    rotated = true;
                    double zeta = (yy - xx) / (2 * xy);
                    double t = Math.copySign(1 / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta)), zeta);
                    double c = 1 / Math.sqrt(1 + t * t);
                    rotate(columns, p * length, q * length, length, c, c * t);
                    rotate(rotations, p * count, q * count, count, c, c * t);
                }
            }
        }
    }

    private static double dot(double[] a, int x, int y, int length) {
        double sum = 0;
        for (int i = 0; i < length; i++) {
            sum += a[x + i] * a[y + i];
        }
        return sum;
    }

    private static void rotate(double[] a, int x, int y, int length, double c, double s) {
        for (int i = 0; i < length; i++) {
            double p = a[x + i];
            double q = a[y + i];
            a[x + i] = c * p - s * q;
            a[y + i] = s * p + c * q;
        }
    }

    /// Positions of the values in descending order; equal ones keep their order.
    private static int[] descending(double[] values) {
        int[] order = new int[values.length];
        for (int i = 0; i < order.length; i++) {
            int at = i;
            while (at > 0 && values[order[at - 1]] < values[i]) {
                order[at] = order[at - 1];
                at--;
            }
            order[at] = i;
        }
        return order;
    }

    /// The columns, in order, divided by their lengths. Columns that are zero but for rounding have no
    /// direction: they are replaced by unit vectors that complete the basis.
    private static double[] normalised(double[] columns, int length, double[] lengths, int[] order) {
        double[] basis = new double[columns.length];
        for (int i = 0; i < order.length; i++) {
            double size = lengths[order[i]];
            if (size > length * ROUNDING * lengths[order[0]]) {
                for (int k = 0; k < length; k++) {
                    basis[i * length + k] = columns[order[i] * length + k] / size;
                }
            } else {
                complete(basis, i, length);
            }
        }
        return basis;
    }

    /// Writes to row `count` a unit vector that is orthogonal to the rows before: the unit vector of the
    /// coordinate which they cover least, freed from them twice (the second time removes the rounding
    /// errors of the first).
    private static void complete(double[] basis, int count, int length) {
        int at = count * length;
        int least = 0;
        double leastCover = Double.POSITIVE_INFINITY;
        for (int k = 0; k < length; k++) {
            double cover = 0;
            for (int row = 0; row < count; row++) {
                cover += basis[row * length + k] * basis[row * length + k];
            }
            if (cover < leastCover) {
                leastCover = cover;
                least = k;
            }
        }
        basis[at + least] = 1;
        for (int pass = 0; pass < 2; pass++) {
            for (int row = 0; row < count; row++) {
                double share = dot(basis, at, row * length, length);
                for (int k = 0; k < length; k++) {
                    basis[at + k] -= share * basis[row * length + k];
                }
            }
            double size = Math.sqrt(dot(basis, at, at, length));
            for (int k = 0; k < length; k++) {
                basis[at + k] /= size;
            }
        }
    }

    /// Turns rows of left vectors into columns of U, with deterministic signs.
    private static JacobiSvd oriented(double[] left, double[] s, double[] right, int m, int n) {
        int r = s.length;
        double[] u = new double[m * r];
        for (int j = 0; j < r; j++) {
            double sign = SymmetricEigen.sign(left, j * m, m);
            for (int i = 0; i < m; i++) {
                u[i * r + j] = sign * left[j * m + i];
            }
            for (int i = 0; i < n; i++) {
                right[j * n + i] *= sign;
            }
        }
        return new JacobiSvd(u, s, right);
    }
}
