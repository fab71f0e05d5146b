package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The transforms of F(2, 2), two outputs of a kernel of two, for a kernel of three with a stride of two
/// ([WinogradHalving]).
///
/// F(2, 2) interpolates at 0, -1 and infinity. Inputs of even and of odd number meet kernels of their own, (g0, g2) and
/// (g1); the second needs no point at infinity. So there are five products, here called parts:
///
/// ```
///   part     point   input     kernel
///   0 even   0       d0 - d2   g0            y0 = m0 + m1,  y1 = m1 - m2,  where m is the sum of a point's parts
///   1 odd    0       d1 - d3   g1
///   2 even   1       d2        g0 + g2
///   3 odd    1       d3        g1
///   4 even   2       d2 - d4   g2
/// ```
///
/// Only sums and differences: rounding errors stay near those of the direct sum.
final class WinogradPairs {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Parts along an axis.
    static final int PARTS = 5;

    private WinogradPairs() {}

    /// `A'`: 2 values from 3, with the arguments of [WinogradTransforms].
    static void output(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector.fromArray(S, src, i).add(m1).intoArray(dst, o);
            m1.sub(FloatVector.fromArray(S, src, i + 2 * rStep)).intoArray(dst, o + outStep);
        }
    }

    /// The inputs of `count` tiles, whose five values are neighbouring vectors and which start four vectors apart: part
    /// p of tile q goes to `dst[d + to[p] + q * outQ]`.
    static void inputs(float[] src, int s, float[] dst, int d, int[] to, int from, int outQ, int count) {
        int t0 = d + to[from];
        int t1 = d + to[from + 1];
        int t2 = d + to[from + 2];
        int t3 = d + to[from + 3];
        int t4 = d + to[from + 4];
        for (int q = 0, i = s, o = 0; q < count; q++, i += 4 * L, o += outQ) {
            FloatVector d0 = FloatVector.fromArray(S, src, i);
            FloatVector d1 = FloatVector.fromArray(S, src, i + L);
            FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * L);
            FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * L);
            FloatVector d4 = FloatVector.fromArray(S, src, i + 4 * L);
            d0.sub(d2).intoArray(dst, t0 + o);
            d1.sub(d3).intoArray(dst, t1 + o);
            d2.intoArray(dst, t2 + o);
            d3.intoArray(dst, t3 + o);
            d2.sub(d4).intoArray(dst, t4 + o);
        }
    }

    /// The kernels of `count` channels `qStep` apart, whose three values are `step` floats apart: part p of channel q
    /// goes to `dst[d + to[from + p] + q * outQ]`.
    static void kernels(
            float[] src, int s, int step, int qStep, float[] dst, int d, int[] to, int from, int outQ, int count) {
        int t0 = d + to[from];
        int t1 = d + to[from + 1];
        int t2 = d + to[from + 2];
        int t3 = d + to[from + 3];
        int t4 = d + to[from + 4];
        for (int q = 0, i = s, o = 0; q < count; q++, i += qStep, o += outQ) {
            FloatVector g0 = FloatVector.fromArray(S, src, i);
            FloatVector g1 = FloatVector.fromArray(S, src, i + step);
            FloatVector g2 = FloatVector.fromArray(S, src, i + 2 * step);
            g0.intoArray(dst, t0 + o);
            g1.intoArray(dst, t1 + o);
            g0.add(g2).intoArray(dst, t2 + o);
            g1.intoArray(dst, t3 + o);
            g2.intoArray(dst, t4 + o);
        }
    }

    /// The adjoint of [#output] in place of inputs: gradients of outputs, whose three values are
    /// neighbouring vectors and which start two vectors apart: `z0 - z1`, `z1` and `z1 - z2`. Point p
    /// of tile q goes to `dst[d + to[from + p] + q * outQ]`.
    static void gradients(float[] src, int s, float[] dst, int d, int[] to, int from, int outQ, int count) {
        int t0 = d + to[from];
        int t1 = d + to[from + 1];
        int t2 = d + to[from + 2];
        for (int q = 0, i = s, o = 0; q < count; q++, i += 2 * L, o += outQ) {
            FloatVector z0 = FloatVector.fromArray(S, src, i);
            FloatVector z1 = FloatVector.fromArray(S, src, i + L);
            FloatVector z2 = FloatVector.fromArray(S, src, i + 2 * L);
            z0.sub(z1).intoArray(dst, t0 + o);
            z1.intoArray(dst, t1 + o);
            z1.sub(z2).intoArray(dst, t2 + o);
        }
    }

    /// Four gradients of inputs, those of an odd number first, from the five parts; the arguments of
    /// [WinogradTransforms].
    static void inputGradients(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector m3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector.fromArray(S, src, i + rStep).add(m3).intoArray(dst, o);
            FloatVector.fromArray(S, src, i).add(m2).intoArray(dst, o + outStep);
            m3.intoArray(dst, o + 2 * outStep);
            m2.sub(FloatVector.fromArray(S, src, i + 4 * rStep)).intoArray(dst, o + 3 * outStep);
        }
    }
}
