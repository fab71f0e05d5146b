package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The passes that normalisations are made of, over one contiguous range with one mean.
public final class PlaneLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private PlaneLoops() {}

    /// `y = (x - mean) * scale + shift`, one scale and shift.
    public static void normalise(float mean, float scale, float shift, float[] x, int xo, float[] y, int yo, int n) {
        FloatVector s = FloatVector.broadcast(S, scale);
        FloatVector b = FloatVector.broadcast(S, shift);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i).sub(mean).fma(s, b).intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma(x[xo + i] - mean, scale, shift);
        }
    }

    /// `y = max((x - mean) * scale + shift, 0)`, one scale and shift.
    public static void normaliseRelu(
            float mean, float scale, float shift, float[] x, int xo, float[] y, int yo, int n) {
        FloatVector s = FloatVector.broadcast(S, scale);
        FloatVector b = FloatVector.broadcast(S, shift);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i).sub(mean).fma(s, b).max(0f).intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.max(Math.fma(x[xo + i] - mean, scale, shift), 0f);
        }
    }

    /// `y = max((x - mean) * scale + shift + z, 0)`, one scale and shift.
    public static void normaliseAddRelu(
            float mean, float scale, float shift, float[] x, int xo, float[] z, int zo, float[] y, int yo, int n) {
        FloatVector s = FloatVector.broadcast(S, scale);
        FloatVector b = FloatVector.broadcast(S, shift);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i)
                    .sub(mean)
                    .fma(s, b)
                    .add(FloatVector.fromArray(S, z, zo + i))
                    .max(0f)
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.max(Math.fma(x[xo + i] - mean, scale, shift) + z[zo + i], 0f);
        }
    }

    /// `y = (x - mean) * scale * w + b`, a weight and bias for each element.
    public static void normalise(
            float mean,
            float scale,
            float[] w,
            int wo,
            float[] b,
            int bo,
            float[] x,
            int xo,
            float[] y,
            int yo,
            int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i)
                    .sub(mean)
                    .mul(scale)
                    .fma(FloatVector.fromArray(S, w, wo + i), FloatVector.fromArray(S, b, bo + i))
                    .intoArray(y, yo + i);
        }
        for (; i < n; i++) {
            y[yo + i] = Math.fma((x[xo + i] - mean) * scale, w[wo + i], b[bo + i]);
        }
    }

    /// `dx = a * g + b * (x - mean) + c`.
    public static void gradient(
            float a, float b, float c, float mean, float[] g, int go, float[] x, int xo, float[] dx, int dxo, int n) {
        FloatVector va = FloatVector.broadcast(S, a);
        FloatVector vb = FloatVector.broadcast(S, b);
        FloatVector vc = FloatVector.broadcast(S, c);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, x, xo + i).sub(mean);
            va.fma(FloatVector.fromArray(S, g, go + i), vb.fma(d, vc)).intoArray(dx, dxo + i);
        }
        for (; i < n; i++) {
            dx[dxo + i] = Math.fma(a, g[go + i], Math.fma(b, x[xo + i] - mean, c));
        }
    }

    /// Sum of `g * (x - mean)`, in the order of [RowSums].
    public static float dotCentred(float mean, float[] g, int go, float[] x, int xo, int n) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            s0 = FloatVector.fromArray(S, x, xo + i).sub(mean).fma(FloatVector.fromArray(S, g, go + i), s0);
            s1 = FloatVector.fromArray(S, x, xo + i + L).sub(mean).fma(FloatVector.fromArray(S, g, go + i + L), s1);
            s2 = FloatVector.fromArray(S, x, xo + i + 2 * L)
                    .sub(mean)
                    .fma(FloatVector.fromArray(S, g, go + i + 2 * L), s2);
            s3 = FloatVector.fromArray(S, x, xo + i + 3 * L)
                    .sub(mean)
                    .fma(FloatVector.fromArray(S, g, go + i + 3 * L), s3);
        }
        for (; i <= n - L; i += L) {
            s0 = FloatVector.fromArray(S, x, xo + i).sub(mean).fma(FloatVector.fromArray(S, g, go + i), s0);
        }
        float sum = n < L ? 0f : Lanes.sum(s0.add(s1).add(s2.add(s3)));
        for (; i < n; i++) {
            sum = Math.fma(x[xo + i] - mean, g[go + i], sum);
        }
        return sum;
    }

    /// `sum += g * (x - mean) * scale`, element by element: the weight gradient of one row.
    public static void addProduct(
            float mean, float scale, float[] g, int go, float[] x, int xo, float[] sum, int so, int n) {
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector.fromArray(S, x, xo + i)
                    .sub(mean)
                    .mul(scale)
                    .fma(FloatVector.fromArray(S, g, go + i), FloatVector.fromArray(S, sum, so + i))
                    .intoArray(sum, so + i);
        }
        for (; i < n; i++) {
            sum[so + i] = Math.fma((x[xo + i] - mean) * scale, g[go + i], sum[so + i]);
        }
    }
}
