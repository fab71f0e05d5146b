package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The backward passes of `y = max((x - mean) * scale + shift, 0)` over one contiguous range, which find out from x
/// again where y was positive: one stream less than reading y, and nothing is written in between.
public final class RectifiedLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private RectifiedLoops() {}

    /// With h = g where y > 0, else 0: `sums[at]` = Σ h and `dots[at]` = Σ h (x - mean).
    ///
    /// Two vector accumulators each, then the lanes, then the tail one by one: an order fixed by the length.
    public static void sums(
            float mean,
            float scale,
            float shift,
            float[] g,
            int go,
            float[] x,
            int xo,
            int n,
            float[] sums,
            float[] dots,
            int at) {
        FloatVector s = FloatVector.broadcast(S, scale);
        FloatVector b = FloatVector.broadcast(S, shift);
        FloatVector zero = FloatVector.zero(S);
        FloatVector sum0 = FloatVector.broadcast(S, 0f);
        FloatVector sum1 = FloatVector.broadcast(S, 0f);
        FloatVector dot0 = FloatVector.broadcast(S, 0f);
        FloatVector dot1 = FloatVector.broadcast(S, 0f);
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector d = FloatVector.fromArray(S, x, xo + i).sub(mean);
            FloatVector h =
                    zero.blend(FloatVector.fromArray(S, g, go + i), d.fma(s, b).compare(VectorOperators.GT, 0f));
            sum0 = sum0.add(h);
            dot0 = d.fma(h, dot0);
            FloatVector e = FloatVector.fromArray(S, x, xo + i + L).sub(mean);
            FloatVector k = zero.blend(
                    FloatVector.fromArray(S, g, go + i + L), e.fma(s, b).compare(VectorOperators.GT, 0f));
            sum1 = sum1.add(k);
            dot1 = e.fma(k, dot1);
        }
        if (i <= n - L) {
            FloatVector d = FloatVector.fromArray(S, x, xo + i).sub(mean);
            FloatVector h =
                    zero.blend(FloatVector.fromArray(S, g, go + i), d.fma(s, b).compare(VectorOperators.GT, 0f));
            sum0 = sum0.add(h);
            dot0 = d.fma(h, dot0);
            i += L;
        }
        float sum = n < L ? 0f : Lanes.sum(sum0.add(sum1));
        float dot = n < L ? 0f : Lanes.sum(dot0.add(dot1));
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            if (Math.fma(d, scale, shift) > 0f) {
                sum += g[go + i];
                dot = Math.fma(d, g[go + i], dot);
            }
        }
        sums[at] = sum;
        dots[at] = dot;
    }

    /// Writes h, which is g where y > 0, else 0, and its [#sums].
    public static void gated(
            float mean,
            float[] g,
            int go,
            float[] y,
            int yo,
            float[] x,
            int xo,
            float[] h,
            int ho,
            int n,
            float[] sums,
            float[] dots,
            int at) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector sum0 = FloatVector.broadcast(S, 0f);
        FloatVector sum1 = FloatVector.broadcast(S, 0f);
        FloatVector dot0 = FloatVector.broadcast(S, 0f);
        FloatVector dot1 = FloatVector.broadcast(S, 0f);
        int i = 0;
        for (; i <= n - 2 * L; i += 2 * L) {
            FloatVector v = zero.blend(
                    FloatVector.fromArray(S, g, go + i),
                    FloatVector.fromArray(S, y, yo + i).compare(VectorOperators.GT, 0f));
            FloatVector w = zero.blend(
                    FloatVector.fromArray(S, g, go + i + L),
                    FloatVector.fromArray(S, y, yo + i + L).compare(VectorOperators.GT, 0f));
            v.intoArray(h, ho + i);
            w.intoArray(h, ho + i + L);
            sum0 = sum0.add(v);
            sum1 = sum1.add(w);
            dot0 = FloatVector.fromArray(S, x, xo + i).sub(mean).fma(v, dot0);
            dot1 = FloatVector.fromArray(S, x, xo + i + L).sub(mean).fma(w, dot1);
        }
        if (i <= n - L) {
            FloatVector v = zero.blend(
                    FloatVector.fromArray(S, g, go + i),
                    FloatVector.fromArray(S, y, yo + i).compare(VectorOperators.GT, 0f));
            v.intoArray(h, ho + i);
            sum0 = sum0.add(v);
            dot0 = FloatVector.fromArray(S, x, xo + i).sub(mean).fma(v, dot0);
            i += L;
        }
        float sum = n < L ? 0f : Lanes.sum(sum0.add(sum1));
        float dot = n < L ? 0f : Lanes.sum(dot0.add(dot1));
        for (; i < n; i++) {
            float v = y[yo + i] > 0f ? g[go + i] : 0f;
            h[ho + i] = v;
            sum += v;
            dot = Math.fma(x[xo + i] - mean, v, dot);
        }
        sums[at] = sum;
        dots[at] = dot;
    }

    /// `dx = a h + b (x - mean) + c`, with h as in [#sums].
    public static void gradient(
            float a,
            float b,
            float c,
            float mean,
            float scale,
            float shift,
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
        FloatVector s = FloatVector.broadcast(S, scale);
        FloatVector t = FloatVector.broadcast(S, shift);
        FloatVector zero = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector d = FloatVector.fromArray(S, x, xo + i).sub(mean);
            FloatVector h =
                    zero.blend(FloatVector.fromArray(S, g, go + i), d.fma(s, t).compare(VectorOperators.GT, 0f));
            va.fma(h, vb.fma(d, vc)).intoArray(dx, dxo + i);
        }
        for (; i < n; i++) {
            float d = x[xo + i] - mean;
            float h = Math.fma(d, scale, shift) > 0f ? g[go + i] : 0f;
            dx[dxo + i] = Math.fma(a, h, Math.fma(b, d, c));
        }
    }
}
