package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Scratch;

/// Softmax, its logarithm and their gradients over one contiguous row.
public final class SoftmaxRows {
    private SoftmaxRows() {}

    /// `y = e^(x - max) / sum`.
    public static void softmax(float[] x, int xo, float[] y, int yo, int n) {
        float max = RowSums.max(x, xo, n);
        float sum = UnaryLoops.expShifted(x, xo, max, y, yo, n);
        BinaryLoops.mul(y, yo, 1f / sum, y, yo, n);
    }

    /// `y = x - max - ln(sum of e^(x - max))`.
    public static void logSoftmax(float[] x, int xo, float[] y, int yo, int n) {
        float[] e = Scratch.floats(Scratch.ROW, n);
        float max = RowSums.max(x, xo, n);
        float log = FloatMath.log(UnaryLoops.expShifted(x, xo, max, e, 0, n));
        BinaryLoops.sub(x, xo, max, y, yo, n);
        BinaryLoops.sub(y, yo, log, y, yo, n);
    }

    /// `ln(sum of e^x)`, shifted by the maximum where that is finite.
    public static float logSumExp(float[] x, int xo, int n) {
        float[] e = Scratch.floats(Scratch.ROW, n);
        float max = RowSums.max(x, xo, n);
        float shift = Float.isInfinite(max) ? 0f : max;
        return shift + FloatMath.log(UnaryLoops.expShifted(x, xo, shift, e, 0, n));
    }

    /// The same element by element, for logits that are so few that vector loops would stay interpreted for dozens of
    /// training steps, and take milliseconds.
    public static float logSumExpOfFew(float[] x, int xo, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = xo; i < xo + n; i++) {
            max = Math.max(max, x[i]);
        }
        float shift = Float.isInfinite(max) ? 0f : max;
        double sum = 0;
        for (int i = xo; i < xo + n; i++) {
            sum += FloatMath.exp(x[i] - shift);
        }
        return shift + FloatMath.log((float) sum);
    }

    /// `dx = p (g - sum of g p)`.
    public static void softmaxGrad(float[] g, int go, float[] p, int po, float[] dx, int dxo, int n) {
        float dot = RowSums.dot(g, go, p, po, n);
        BinaryLoops.sub(g, go, dot, dx, dxo, n);
        BinaryLoops.mul(dx, dxo, p, po, dx, dxo, n);
    }

    /// `dx = g - e^l (sum of g)`, where l = ln p.
    public static void logSoftmaxGrad(float[] g, int go, float[] l, int lo, float[] dx, int dxo, int n) {
        float sum = RowSums.sum(g, go, n);
        UnaryLoops.exp(l, lo, dx, dxo, n);
        BinaryLoops.mul(dx, dxo, -sum, dx, dxo, n);
        BinaryLoops.add(dx, dxo, g, go, dx, dxo, n);
    }

    /// `dz = scale (mass e^(z - lse) - t)`: the gradient of a cross-entropy with target t of total
    /// `mass`.
    public static void crossEntropyGrad(
            float[] z, int zo, float lse, float mass, float[] t, int to, float scale, float[] dz, int dzo, int n) {
        UnaryLoops.expShifted(z, zo, lse, dz, dzo, n);
        BinaryLoops.mul(dz, dzo, mass, dz, dzo, n);
        BinaryLoops.sub(dz, dzo, t, to, dz, dzo, n);
        BinaryLoops.mul(dz, dzo, scale, dz, dzo, n);
    }

    /// `dz = scale (e^(z - lse) - [c = k])`: the same for one class `k` with all the mass.
    public static void crossEntropyGrad(float[] z, int zo, float lse, int k, float scale, float[] dz, int dzo, int n) {
        UnaryLoops.expShiftedScaled(z, zo, lse, scale, dz, dzo, n);
        dz[dzo + k] = scale * FloatMath.expm1(z[zo + k] - lse);
    }

    /// The same element by element; see [#logSumExpOfFew].
    public static void crossEntropyGradOfFew(
            float[] z, int zo, float lse, int k, float scale, float[] dz, int dzo, int n) {
        for (int i = 0; i < n; i++) {
            dz[dzo + i] = FloatMath.exp(z[zo + i] - lse) * scale;
        }
        dz[dzo + k] = scale * FloatMath.expm1(z[zo + k] - lse);
    }

    /// Sum of `t (lse - z)`.
    public static float crossEntropy(float[] z, int zo, float lse, float[] t, int to, int n) {
        float[] nll = Scratch.floats(Scratch.ROW, n);
        BinaryLoops.sub(lse, z, zo, nll, 0, n);
        return RowSums.dot(t, to, nll, 0, n);
    }
}
