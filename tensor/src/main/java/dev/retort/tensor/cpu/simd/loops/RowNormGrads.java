package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Gradient of layer normalisation with weight and bias, one row in two passes: the first takes both sums and adds to
/// the gradients of weight and bias, the second writes the gradient of the row.
///
/// Each sum has two vector accumulators over pairs of vectors; their sum, then the lanes ([Lanes#sum]),
/// then the tail one by one: an order fixed by the length.
final class RowNormGrads {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private RowNormGrads() {}

    /// As [RowNorms#backward] with mean, weight and bias.
    static void layer(
            float mean,
            float rstd,
            float[] w,
            int wo,
            float[] g,
            int go,
            float[] x,
            int xo,
            float[] dx,
            int dxo,
            float[] dw,
            int dwo,
            float[] db,
            int dbo,
            int n) {
        float[] sums = Scratch.floats(Scratch.ROW, 2);
        sums(mean, rstd, w, wo, g, go, x, xo, dw, dwo, db, dbo, n, sums);
        float shift = -rstd * (sums[0] / n);
        float slope = -rstd * rstd * rstd * (sums[1] / n);
        gradient(rstd, slope, shift, mean, w, wo, g, go, x, xo, dx, dxo, n);
    }

    /// With `h = g w` and `d = x - mean`: the sums of h and h d; `dw += g d rstd` and `db += g`.
    private static void sums(
            float mean,
            float rstd,
            float[] w,
            int wo,
            float[] g,
            int go,
            float[] x,
            int xo,
            float[] dw,
            int dwo,
            float[] db,
            int dbo,
            int n,
            float[] sums) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector t0 = s0;
        FloatVector t1 = s0;
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector g0 = FloatVector.fromArray(S, g, go + i);
            FloatVector d0 = FloatVector.fromArray(S, x, xo + i).sub(mean);
            FloatVector h0 = g0.mul(FloatVector.fromArray(S, w, wo + i));
            s0 = s0.add(h0);
            t0 = h0.fma(d0, t0);
            d0.mul(rstd).fma(g0, FloatVector.fromArray(S, dw, dwo + i)).intoArray(dw, dwo + i);
            FloatVector.fromArray(S, db, dbo + i).add(g0).intoArray(db, dbo + i);
            int k = i + L;
            FloatVector g1 = FloatVector.fromArray(S, g, go + k);
            FloatVector d1 = FloatVector.fromArray(S, x, xo + k).sub(mean);
            FloatVector h1 = g1.mul(FloatVector.fromArray(S, w, wo + k));
            s1 = s1.add(h1);
            t1 = h1.fma(d1, t1);
            d1.mul(rstd).fma(g1, FloatVector.fromArray(S, dw, dwo + k)).intoArray(dw, dwo + k);
            FloatVector.fromArray(S, db, dbo + k).add(g1).intoArray(db, dbo + k);
        }
        float s = n < 2 * L ? 0f : Lanes.sum(s0.add(s1));
        float t = n < 2 * L ? 0f : Lanes.sum(t0.add(t1));
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            float h = g[go + i] * w[wo + i];
            s += h;
            t = Math.fma(h, d, t);
            dw[dwo + i] = Math.fma(d * rstd, g[go + i], dw[dwo + i]);
            db[dbo + i] += g[go + i];
        }
        sums[0] = s;
        sums[1] = t;
    }

    /// `dx = a * g * w + b * (x - mean) + c`.
    private static void gradient(
            float a,
            float b,
            float c,
            float mean,
            float[] w,
            int wo,
            float[] g,
            int go,
            float[] x,
            int xo,
            float[] dx,
            int dxo,
            int n) {
        FloatVector va = FloatVector.broadcast(S, a);
        FloatVector vb = FloatVector.broadcast(S, b);
        FloatVector vc = FloatVector.broadcast(S, c);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, x, xo + i).sub(mean);
            FloatVector h = FloatVector.fromArray(S, g, go + i).mul(FloatVector.fromArray(S, w, wo + i));
            va.fma(h, vb.fma(d, vc)).intoArray(dx, dxo + i);
        }
        for (; i < n; i++) {
            float h = g[go + i] * w[wo + i];
            dx[dxo + i] = Math.fma(a, h, Math.fma(b, x[xo + i] - mean, c));
        }
    }
}
