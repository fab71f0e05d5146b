package dev.retort.tensor.cpu.simd.winograd;

import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.G0;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.GP;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.GQ;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.P;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.P2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.Q;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.Q2;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The transforms of F(3, 4): three outputs of a kernel of four, at the points of F(4, 3).
///
/// Six inputs are transformed as there, since `B'` depends on the points alone. Arguments are those of
/// [WinogradTransforms].
final class WinogradQuads {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    private WinogradQuads() {}

    /// `A'`: 3 values from 6.
    static void output(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector m2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector m3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector m4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector a = m1.add(m2);
            FloatVector c = m3.add(m4);
            FloatVector.fromArray(S, src, i).add(a).add(c).intoArray(dst, o);
            m3.sub(m4).fma(FloatVector.broadcast(S, Q), m1.sub(m2).mul(P)).intoArray(dst, o + outStep);
            FloatVector m5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            c.fma(FloatVector.broadcast(S, Q2), a.fma(FloatVector.broadcast(S, P2), m5))
                    .intoArray(dst, o + 2 * outStep);
        }
    }

    /// `A`: 6 values from 3.
    static void gradient(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector y0 = FloatVector.fromArray(S, src, i);
            FloatVector y1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector y2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector a = y2.fma(FloatVector.broadcast(S, P2), y0);
            FloatVector c = y2.fma(FloatVector.broadcast(S, Q2), y0);
            y0.intoArray(dst, o);
            y1.fma(FloatVector.broadcast(S, P), a).intoArray(dst, o + outStep);
            y1.fma(FloatVector.broadcast(S, -P), a).intoArray(dst, o + 2 * outStep);
            y1.fma(FloatVector.broadcast(S, Q), c).intoArray(dst, o + 3 * outStep);
            y1.fma(FloatVector.broadcast(S, -Q), c).intoArray(dst, o + 4 * outStep);
            y2.intoArray(dst, o + 5 * outStep);
        }
    }

    /// `G`: 6 values from 4.
    static void kernel(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector g0 = FloatVector.fromArray(S, src, i);
            FloatVector g1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector g2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector g3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector a = g2.fma(FloatVector.broadcast(S, P2), g0).mul(GP);
            FloatVector b = g3.fma(FloatVector.broadcast(S, P2), g1).mul(P * GP);
            FloatVector c = g2.fma(FloatVector.broadcast(S, Q2), g0).mul(GQ);
            FloatVector e = g3.fma(FloatVector.broadcast(S, Q2), g1).mul(Q * GQ);
            g0.mul(G0).intoArray(dst, o);
            a.add(b).intoArray(dst, o + outStep);
            a.sub(b).intoArray(dst, o + 2 * outStep);
            c.add(e).intoArray(dst, o + 3 * outStep);
            c.sub(e).intoArray(dst, o + 4 * outStep);
            g3.intoArray(dst, o + 5 * outStep);
        }
    }

    /// `G'`: 4 values from 6.
    static void kernelGradient(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector u1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector u2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector u3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector u4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector a = u1.add(u2).mul(GP);
            FloatVector b = u1.sub(u2).mul(P * GP);
            FloatVector c = u3.add(u4).mul(GQ);
            FloatVector e = u3.sub(u4).mul(Q * GQ);
            FloatVector.fromArray(S, src, i)
                    .fma(FloatVector.broadcast(S, G0), a.add(c))
                    .intoArray(dst, o);
            b.add(e).intoArray(dst, o + outStep);
            a.fma(FloatVector.broadcast(S, P2), c.mul(Q2)).intoArray(dst, o + 2 * outStep);
            FloatVector u5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            b.fma(FloatVector.broadcast(S, P2), e.fma(FloatVector.broadcast(S, Q2), u5))
                    .intoArray(dst, o + 3 * outStep);
        }
    }
}
