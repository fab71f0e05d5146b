package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Sums, dot products and maxima over a contiguous range.
///
/// Four vector accumulators over blocks of four vectors, then single vectors into the first, then
/// `(s0 + s1) + (s2 + s3)`, then the lanes ([Lanes#sum]), then the tail one by one: an order fixed by
/// the length.
public final class RowSums {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private RowSums() {}

    /// Sum of `x[o .. o + n)`.
    public static float sum(float[] x, int o, int n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            s0 = s0.add(FloatVector.fromArray(S, x, o + i));
            s1 = s1.add(FloatVector.fromArray(S, x, o + i + L));
            s2 = s2.add(FloatVector.fromArray(S, x, o + i + 2 * L));
            s3 = s3.add(FloatVector.fromArray(S, x, o + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            s0 = s0.add(FloatVector.fromArray(S, x, o + i));
        }
        float sum = n < L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            sum += x[o + i];
        }
        return sum;
    }

    /// Sum of `(x[i] - shift)^2`.
    public static float sumSquares(float[] x, int o, int n, float shift) {
        FloatVector m = FloatVector.broadcast(S, shift);
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            FloatVector d0 = FloatVector.fromArray(S, x, o + i).sub(m);
            FloatVector d1 = FloatVector.fromArray(S, x, o + i + L).sub(m);
            FloatVector d2 = FloatVector.fromArray(S, x, o + i + 2 * L).sub(m);
            FloatVector d3 = FloatVector.fromArray(S, x, o + i + 3 * L).sub(m);
            s0 = d0.fma(d0, s0);
            s1 = d1.fma(d1, s1);
            s2 = d2.fma(d2, s2);
            s3 = d3.fma(d3, s3);
        }
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, x, o + i).sub(m);
            s0 = d.fma(d, s0);
        }
        float sum = n < L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            float d = x[o + i] - shift;
            sum = Math.fma(d, d, sum);
        }
        return sum;
    }

    /// Sum of `x[i] * y[i]`.
    public static float dot(float[] x, int xo, float[] y, int yo, int n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            s0 = FloatVector.fromArray(S, x, xo + i).fma(FloatVector.fromArray(S, y, yo + i), s0);
            s1 = FloatVector.fromArray(S, x, xo + i + L).fma(FloatVector.fromArray(S, y, yo + i + L), s1);
            s2 = FloatVector.fromArray(S, x, xo + i + 2 * L).fma(FloatVector.fromArray(S, y, yo + i + 2 * L), s2);
            s3 = FloatVector.fromArray(S, x, xo + i + 3 * L).fma(FloatVector.fromArray(S, y, yo + i + 3 * L), s3);
        }
        for (; i <= n - L; i += L) {
            s0 = FloatVector.fromArray(S, x, xo + i).fma(FloatVector.fromArray(S, y, yo + i), s0);
        }
        float sum = n < L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            sum = Math.fma(x[xo + i], y[yo + i], sum);
        }
        return sum;
    }

    /// Sum of `x[i] * y[i * ys]`: the same order as [#dot], whose bits it reproduces for a gathered y.
    public static float dotStrided(float[] x, int xo, float[] y, int yo, int ys, int n) {
        float[] t = Scratch.floats(Scratch.PARTIAL, n);
        for (int i = 0; i < n; i++) {
            t[i] = y[yo + i * ys];
        }
        return dot(x, xo, t, 0, n);
    }

    /// Largest value of `x[o .. o + n)`, NaN if any is NaN, negative infinity if n = 0.
    public static float max(float[] x, int o, int n) {
        FloatVector m0 = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        FloatVector m3 = m0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            m0 = m0.max(FloatVector.fromArray(S, x, o + i));
            m1 = m1.max(FloatVector.fromArray(S, x, o + i + L));
            m2 = m2.max(FloatVector.fromArray(S, x, o + i + 2 * L));
            m3 = m3.max(FloatVector.fromArray(S, x, o + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            m0 = m0.max(FloatVector.fromArray(S, x, o + i));
        }
        float max = Lanes.max(m0.max(m1).max(m2.max(m3)));
        for (; i < n; i++) {
            max = Math.max(max, x[o + i]);
        }
        return max;
    }

    /// Smallest value of `x[o .. o + n)`, NaN if any is NaN, positive infinity if n = 0.
    public static float min(float[] x, int o, int n) {
        FloatVector m0 = FloatVector.broadcast(S, Float.POSITIVE_INFINITY);
        FloatVector m1 = m0;
        FloatVector m2 = m0;
        FloatVector m3 = m0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            m0 = m0.min(FloatVector.fromArray(S, x, o + i));
            m1 = m1.min(FloatVector.fromArray(S, x, o + i + L));
            m2 = m2.min(FloatVector.fromArray(S, x, o + i + 2 * L));
            m3 = m3.min(FloatVector.fromArray(S, x, o + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            m0 = m0.min(FloatVector.fromArray(S, x, o + i));
        }
        float min = Lanes.min(m0.min(m1).min(m2.min(m3)));
        for (; i < n; i++) {
            min = Math.min(min, x[o + i]);
        }
        return min;
    }
}
