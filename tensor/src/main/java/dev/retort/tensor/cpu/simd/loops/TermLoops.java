package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// One term of a weighted sum, or of its gradient, over a range of floats.
public final class TermLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private TermLoops() {}

    /// `y = w * x`.
    public static void scale(float w, float[] x, int xo, float[] y, int yo, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i).mul(w).intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = w * x[xo + i];
        }
    }

    /// `y += w * x`.
    public static void addScaled(float w, float[] x, int xo, float[] y, int yo, int n) {
        FloatVector weight = FloatVector.broadcast(S, w);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i)
                    .fma(weight, FloatVector.fromArray(S, y, yo + i))
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma(x[xo + i], w, y[yo + i]);
        }
    }

    /// `dx = w * g`; returns the sum of `g * x`, in two vectors of partial sums.
    public static float scaleAndDot(float w, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        FloatVector weight = FloatVector.broadcast(S, w);
        FloatVector even = FloatVector.zero(S);
        FloatVector odd = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector g0 = FloatVector.fromArray(S, g, go + i);
            FloatVector g1 = FloatVector.fromArray(S, g, go + i + L);
            even = g0.fma(FloatVector.fromArray(S, x, xo + i), even);
            odd = g1.fma(FloatVector.fromArray(S, x, xo + i + L), odd);
            g0.mul(weight).intoArray(dx, dxo + i);
            g1.mul(weight).intoArray(dx, dxo + i + L);
        }
        float sum = Lanes.sum(even.add(odd));
        for (; i < n; i++) {
            sum = Math.fma(g[go + i], x[xo + i], sum);
            dx[dxo + i] = w * g[go + i];
        }
        return sum;
    }
}
