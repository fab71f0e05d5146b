package dev.retort.tensor;

/// Resizing along one direction by cubic convolution, as a matrix.
final class CubicWeights {
    private static final double A = -0.75;

    private CubicWeights() {}

    /// Weights [out, in] of `in` elements in `out` results; elements beyond the ends are those at the ends.
    static Tensor matrix(int in, int out, boolean alignCorners, DType dtype) {
        double[] weights = new double[Math.multiplyExact(out, in)];
        for (int i = 0; i < out; i++) {
            double at = alignCorners ? out == 1 ? 0 : i * (in - 1.0) / (out - 1) : (i + 0.5) * in / out - 0.5;
            int below = (int) Math.floor(at);
            double share = at - below;
            double[] taps = {outer(share + 1), inner(share), inner(1 - share), outer(2 - share)};
            for (int k = 0; k < taps.length; k++) {
                weights[i * in + Math.clamp(below - 1L + k, 0, in - 1)] += taps[k];
            }
        }
        return Tensor.wrap(DType.F64, weights, out, in).to(dtype);
    }

    /// (a + 2)·d³ − (a + 3)·d² + 1, for distances up to 1.
    private static double inner(double d) {
        return ((A + 2) * d - (A + 3)) * d * d + 1;
    }

    /// a·d³ − 5a·d² + 8a·d − 4a, for distances from 1 to 2.
    private static double outer(double d) {
        return ((A * d - 5 * A) * d + 8 * A) * d - 4 * A;
    }
}
