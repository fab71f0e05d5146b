package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.LinalgOp;
import java.util.Arrays;

/// Reference kernels of [LinalgOp], one matrix of the batch after the other, in double for every dtype.
final class LinalgReference {
    private LinalgReference() {}

    static Tensor[] run(LinalgOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case LinalgOp.Cholesky ignored -> new Tensor[] {cholesky(in[0], out[0])};
            case LinalgOp.TriangularSolve o -> new Tensor[] {triangularSolve(o, in[0], in[1], out[0])};
            case LinalgOp.Lu ignored -> LuReference.factors(in[0], out);
            case LinalgOp.Solve ignored -> new Tensor[] {LuReference.solve(in[0], in[1], out[0])};
            case LinalgOp.Det ignored -> LuReference.determinants(in[0], out, false);
            case LinalgOp.SlogDet ignored -> LuReference.determinants(in[0], out, true);
            case LinalgOp.Qr ignored -> QrReference.run(in[0], out);
            case LinalgOp.Pinv o -> new Tensor[] {pinv(in[0], o.relative(), out[0])};
            case LinalgOp.Eigh ignored -> eigh(in[0], out);
            case LinalgOp.Svd ignored -> svd(in[0], out);
        };
    }

    /// Number of matrices of `size` elements in a tensor.
    static int batch(Tensor tensor, int size) {
        return size == 0 ? 0 : tensor.numel() / size;
    }

    // L[i,j] = (A[i,j] − Σ_{k<j} L[i,k]·L[j,k]) / L[j,j] for j < i;  L[i,i] = √(A[i,i] − Σ_{k<i} L[i,k]²)
    private static Tensor cholesky(Tensor input, TensorType type) {
        int n = input.size(-1);
        double[] a = Elements.doubles(input);
        double[] l = new double[a.length];
        for (int matrix = 0; matrix < batch(input, n * n); matrix++) {
            int base = matrix * n * n;
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= i; j++) {
                    double rest = a[base + i * n + j];
                    for (int k = 0; k < j; k++) {
                        rest -= l[base + i * n + k] * l[base + j * n + k];
                    }
                    if (i == j && !(rest > 0)) {
                        throw new OpException("cholesky: expects positive definite matrices, got pivot " + i
                                + " of matrix " + matrix + " = " + rest + " in " + input.type());
                    }
                    l[base + i * n + j] = i == j ? Math.sqrt(rest) : rest / l[base + j * n + j];
                }
            }
        }
        return Elements.tensor(l, type);
    }

    // X[i,:] = (B[i,:] − Σ_k A[i,k]·X[k,:]) / A[i,i], k over the rows that are solved already
    private static Tensor triangularSolve(LinalgOp.TriangularSolve op, Tensor left, Tensor right, TensorType type) {
        int n = left.size(-1);
        int cols = right.size(-1);
        double[] a = Elements.doubles(left);
        double[] x = Elements.doubles(right).clone();
        for (int matrix = 0; matrix < batch(left, n * n); matrix++) {
            for (int step = 0; step < n; step++) {
                int i = op.upper() ? n - 1 - step : step;
                int row = (matrix * n + i) * cols;
                for (int k = op.upper() ? i + 1 : 0; k < (op.upper() ? n : i); k++) {
                    double factor = a[(matrix * n + i) * n + k];
                    int solved = (matrix * n + k) * cols;
                    for (int j = 0; j < cols; j++) {
                        x[row + j] -= factor * x[solved + j];
                    }
                }
                if (!op.unitTriangular()) {
                    double pivot = a[(matrix * n + i) * n + i];
                    for (int j = 0; j < cols; j++) {
                        x[row + j] /= pivot;
                    }
                }
            }
        }
        return Elements.tensor(x, type);
    }

    private static Tensor[] eigh(Tensor input, TensorType[] types) {
        int n = input.size(-1);
        double[] a = Elements.doubles(input);
        double[] values = new double[types[0].shape().numel()];
        double[] vectors = new double[a.length];
        for (int matrix = 0; matrix < batch(input, n * n); matrix++) {
            double[] one = mirrored(a, matrix * n * n, n);
            checkFinite("eigh", one, matrix);
            SymmetricEigen.decompose(one, n, values, matrix * n, vectors, matrix * n * n);
        }
        return new Tensor[] {Elements.tensor(values, types[0]), Elements.tensor(vectors, types[1])};
    }

    /// A copy of one matrix with the lower triangle in place of the upper one.
    private static double[] mirrored(double[] a, int at, int n) {
        double[] one = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                one[i * n + j] = a[at + i * n + j];
                one[j * n + i] = a[at + i * n + j];
            }
        }
        return one;
    }

    private static Tensor[] svd(Tensor input, TensorType[] types) {
        int m = input.size(-2);
        int n = input.size(-1);
        int r = Math.min(m, n);
        double[] a = Elements.doubles(input);
        double[] u = new double[types[0].shape().numel()];
        double[] s = new double[types[1].shape().numel()];
        double[] vh = new double[types[2].shape().numel()];
        for (int matrix = 0; matrix < batch(input, m * n); matrix++) {
            double[] one = Arrays.copyOfRange(a, matrix * m * n, (matrix + 1) * m * n);
            checkFinite("svd", one, matrix);
            JacobiSvd svd = JacobiSvd.of(one, m, n);
            System.arraycopy(svd.u(), 0, u, matrix * m * r, m * r);
            System.arraycopy(svd.s(), 0, s, matrix * r, r);
            System.arraycopy(svd.vh(), 0, vh, matrix * r * n, r * n);
        }
        return new Tensor[] {Elements.tensor(u, types[0]), Elements.tensor(s, types[1]), Elements.tensor(vh, types[2])};
    }

    /// A⁺ = V·diag(1/s)·Uᵀ without the singular values that count as 0.
    private static Tensor pinv(Tensor input, double relative, TensorType type) {
        int m = input.size(-2);
        int n = input.size(-1);
        double[] a = Elements.doubles(input);
        double[] y = new double[a.length];
        for (int matrix = 0; matrix < batch(input, m * n); matrix++) {
            double[] one = Arrays.copyOfRange(a, matrix * m * n, (matrix + 1) * m * n);
            checkFinite("pinv", one, matrix);
            JacobiSvd svd = JacobiSvd.of(one, m, n);
            int r = Math.min(m, n);
            for (int k = 0; k < r && svd.s()[k] > relative * svd.s()[0]; k++) {
                for (int i = 0; i < n; i++) {
                    double scaled = svd.vh()[k * n + i] / svd.s()[k];
                    for (int j = 0; j < m; j++) {
                        y[(matrix * n + i) * m + j] += scaled * svd.u()[j * r + k];
                    }
                }
            }
        }
        return Elements.tensor(y, type);
    }

    private static void checkFinite(String op, double[] matrix, int index) {
        for (double v : matrix) {
            if (!Double.isFinite(v)) {
                throw new OpException(op + ": expects finite elements, got " + v + " in matrix " + index);
            }
        }
    }
}
