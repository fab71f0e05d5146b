package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Thin QR decomposition by Householder reflections (Householder, 1958), in double; the signs are those of LAPACK: a
/// diagonal element of R has the sign opposite to that of the element it replaces.
final class QrReference {
    private QrReference() {}

    static Tensor[] run(Tensor input, TensorType[] types) {
        int m = input.size(-2);
        int n = input.size(-1);
        int r = Math.min(m, n);
        double[] a = Elements.doubles(input).clone();
        double[] q = new double[types[0].shape().numel()];
        double[] upper = new double[types[1].shape().numel()];
        double[] scales = new double[r];
        for (int matrix = 0; matrix < LinalgReference.batch(input, m * n); matrix++) {
            int at = matrix * m * n;
            for (int k = 0; k < r; k++) {
                scales[k] = reflect(a, at, m, n, k);
            }
            for (int i = 0; i < r; i++) {
                System.arraycopy(a, at + i * n + i, upper, (matrix * r + i) * n + i, n - i);
            }
            for (int column = 0; column < r; column++) {
                basis(a, at, m, n, scales, q, matrix * m * r, column);
            }
        }
        return new Tensor[] {Elements.tensor(q, types[0]), Elements.tensor(upper, types[1])};
    }

    /// Makes column k zero below the diagonal by H = I − scale·v·vᵀ; v (with v_k = 1) is left there.
    private static double reflect(double[] a, int at, int m, int n, int k) {
        double below = 0;
        for (int i = k + 1; i < m; i++) {
            below = StrictMath.hypot(below, a[at + i * n + k]);
        }
        if (below == 0) {
            return 0;
        }
        double head = a[at + k * n + k];
        double length = -Math.copySign(StrictMath.hypot(head, below), head);
        double scale = (length - head) / length;
        for (int i = k + 1; i < m; i++) {
            a[at + i * n + k] /= head - length;
        }
        a[at + k * n + k] = length;
        for (int j = k + 1; j < n; j++) {
            double dot = a[at + k * n + j];
            for (int i = k + 1; i < m; i++) {
                dot += a[at + i * n + k] * a[at + i * n + j];
            }
            a[at + k * n + j] -= scale * dot;
            for (int i = k + 1; i < m; i++) {
                a[at + i * n + j] -= scale * dot * a[at + i * n + k];
            }
        }
        return scale;
    }

    /// Column `column` of Q: the reflections, last one first, of a unit vector.
    private static void basis(double[] a, int at, int m, int n, double[] scales, double[] q, int qo, int column) {
        int r = scales.length;
        q[qo + column * r + column] = 1;
        for (int k = r - 1; k >= 0; k--) {
            double dot = q[qo + k * r + column];
            for (int i = k + 1; i < m; i++) {
                dot += a[at + i * n + k] * q[qo + i * r + column];
            }
            q[qo + k * r + column] -= scales[k] * dot;
            for (int i = k + 1; i < m; i++) {
                q[qo + i * r + column] -= scales[k] * dot * a[at + i * n + k];
            }
        }
    }
}
