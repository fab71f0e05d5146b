package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The one-dimensional transforms of Winograd's convolution, one vector of channels at a time.
///
/// F(4, 3) interpolates at 0, ±3/4, ±3/2 and infinity, F(2, 3) at 0, ±1 and infinity (Lavin and Gray, 2015, arXiv
/// 1509.09308). With a kernel g of 3 and a piece d of the input of 6 (4) values, 4 (2) outputs are
/// `A' ((G g) * (B' d))`, where ' is transposition and * the product element by element. By transposition the
/// gradient of g is `G' ((A dy) * (B' d))`. Each method transforms `count` vectors: vector q of operand r is
/// `src[s + r * rStep + q * qStep]`, of result r `dst[d + r * outStep + q * outQ]`.
final class WinogradTransforms {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    /// The points of F(4, 3): P and Q = 2P halve the error that the usual 1 and 2 have. Powers and products up to
    /// the third are exact.
    static final float P = 3f / 4;

    static final float Q = 3f / 2;
    static final float P2 = P * P;
    static final float Q2 = Q * Q;
    /// 1 / the product of a point's distances from the others.
    static final float G0 = 64f / 81;

    static final float GP = -128f / 243;
    static final float GQ = 32f / 243;

    private WinogradTransforms() {}

    /// `B'` of F(4, 3): 6 values from 6.
    static void input6(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector d0 = FloatVector.fromArray(S, src, i);
            FloatVector d1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector d4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector d5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            FloatVector a = d2.fma(FloatVector.broadcast(S, -Q2), d4);
            FloatVector b = d1.fma(FloatVector.broadcast(S, -Q2), d3);
            FloatVector c = d2.fma(FloatVector.broadcast(S, -P2), d4);
            FloatVector e = d1.fma(FloatVector.broadcast(S, -P2), d3);
            d0.fma(FloatVector.broadcast(S, P2 * Q2), d2.fma(FloatVector.broadcast(S, -P2 - Q2), d4))
                    .intoArray(dst, o);
            b.fma(FloatVector.broadcast(S, P), a).intoArray(dst, o + outStep);
            b.fma(FloatVector.broadcast(S, -P), a).intoArray(dst, o + 2 * outStep);
            e.fma(FloatVector.broadcast(S, Q), c).intoArray(dst, o + 3 * outStep);
            e.fma(FloatVector.broadcast(S, -Q), c).intoArray(dst, o + 4 * outStep);
            d1.fma(FloatVector.broadcast(S, P2 * Q2), d3.fma(FloatVector.broadcast(S, -P2 - Q2), d5))
                    .intoArray(dst, o + 5 * outStep);
        }
    }

    /// `B'` of F(2, 3): 4 values from 4.
    static void input4(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector d0 = FloatVector.fromArray(S, src, i);
            FloatVector d1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            d0.sub(d2).intoArray(dst, o);
            d1.add(d2).intoArray(dst, o + outStep);
            d2.sub(d1).intoArray(dst, o + 2 * outStep);
            d1.sub(d3).intoArray(dst, o + 3 * outStep);
        }
    }

    /// `A'` of F(4, 3): 4 values from 6.
    static void output6(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector m2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector m3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector m4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector a = m1.add(m2);
            FloatVector b = m1.sub(m2);
            FloatVector c = m3.add(m4);
            FloatVector e = m3.sub(m4);
            FloatVector.fromArray(S, src, i).add(a).add(c).intoArray(dst, o);
            e.fma(FloatVector.broadcast(S, Q), b.mul(P)).intoArray(dst, o + outStep);
            c.fma(FloatVector.broadcast(S, Q2), a.mul(P2)).intoArray(dst, o + 2 * outStep);
            FloatVector m5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            e.fma(FloatVector.broadcast(S, Q * Q2), b.fma(FloatVector.broadcast(S, P * P2), m5))
                    .intoArray(dst, o + 3 * outStep);
        }
    }

    /// `A'` of F(2, 3): 2 values from 4.
    static void output4(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector m2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector.fromArray(S, src, i).add(m1.add(m2)).intoArray(dst, o);
            m1.sub(m2).sub(FloatVector.fromArray(S, src, i + 3 * rStep)).intoArray(dst, o + outStep);
        }
    }

    /// `A` of F(4, 3): 6 values from 4.
    static void gradient6(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector y0 = FloatVector.fromArray(S, src, i);
            FloatVector y1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector y2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector y3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector a = y2.fma(FloatVector.broadcast(S, P2), y0);
            FloatVector b = y3.fma(FloatVector.broadcast(S, P2), y1);
            FloatVector c = y2.fma(FloatVector.broadcast(S, Q2), y0);
            FloatVector e = y3.fma(FloatVector.broadcast(S, Q2), y1);
            y0.intoArray(dst, o);
            b.fma(FloatVector.broadcast(S, P), a).intoArray(dst, o + outStep);
            b.fma(FloatVector.broadcast(S, -P), a).intoArray(dst, o + 2 * outStep);
            e.fma(FloatVector.broadcast(S, Q), c).intoArray(dst, o + 3 * outStep);
            e.fma(FloatVector.broadcast(S, -Q), c).intoArray(dst, o + 4 * outStep);
            y3.intoArray(dst, o + 5 * outStep);
        }
    }

    /// `A` of F(2, 3): 4 values from 2.
    static void gradient4(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector y0 = FloatVector.fromArray(S, src, i);
            FloatVector y1 = FloatVector.fromArray(S, src, i + rStep);
            y0.intoArray(dst, o);
            y0.add(y1).intoArray(dst, o + outStep);
            y0.sub(y1).intoArray(dst, o + 2 * outStep);
            y1.neg().intoArray(dst, o + 3 * outStep);
        }
    }

    /// `G` of F(4, 3): 6 values from 3.
    static void kernel6(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector g0 = FloatVector.fromArray(S, src, i);
            FloatVector g1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector g2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector a = g2.fma(FloatVector.broadcast(S, P2), g0).mul(GP);
            FloatVector b = g1.mul(P * GP);
            FloatVector c = g2.fma(FloatVector.broadcast(S, Q2), g0).mul(GQ);
            FloatVector e = g1.mul(Q * GQ);
            g0.mul(G0).intoArray(dst, o);
            a.add(b).intoArray(dst, o + outStep);
            a.sub(b).intoArray(dst, o + 2 * outStep);
            c.add(e).intoArray(dst, o + 3 * outStep);
            c.sub(e).intoArray(dst, o + 4 * outStep);
            g2.intoArray(dst, o + 5 * outStep);
        }
    }

    /// `G` of F(2, 3): 4 values from 3.
    static void kernel4(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector g0 = FloatVector.fromArray(S, src, i);
            FloatVector g2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector a = g0.add(g2).mul(0.5f);
            FloatVector b = FloatVector.fromArray(S, src, i + rStep).mul(0.5f);
            g0.intoArray(dst, o);
            a.add(b).intoArray(dst, o + outStep);
            a.sub(b).intoArray(dst, o + 2 * outStep);
            g2.intoArray(dst, o + 3 * outStep);
        }
    }

    /// Row i of G of F(4, 3).
    static float[] kernelRow6(int i) {
        return switch (i) {
            case 0 -> new float[] {G0, 0f, 0f};
            case 1 -> new float[] {GP, P * GP, P2 * GP};
            case 2 -> new float[] {GP, -P * GP, P2 * GP};
            case 3 -> new float[] {GQ, Q * GQ, Q2 * GQ};
            case 4 -> new float[] {GQ, -Q * GQ, Q2 * GQ};
            default -> new float[] {0f, 0f, 1f};
        };
    }

    /// Row i of G of F(2, 3).
    static float[] kernelRow4(int i) {
        return switch (i) {
            case 0 -> new float[] {1f, 0f, 0f};
            case 1 -> new float[] {0.5f, 0.5f, 0.5f};
            case 2 -> new float[] {0.5f, -0.5f, 0.5f};
            default -> new float[] {0f, 0f, 1f};
        };
    }

    /// `dst[d + q * outQ] = g[0] x0 + g[1] x1 + g[2] x2` of the vectors `x_r = src[s + r * rStep + q * qStep]`.
    static void combine(float[] src, int s, int rStep, int qStep, float[] g, float[] dst, int d, int outQ, int count) {
        FloatVector g0 = FloatVector.broadcast(S, g[0]);
        FloatVector g1 = FloatVector.broadcast(S, g[1]);
        FloatVector g2 = FloatVector.broadcast(S, g[2]);
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector sum = FloatVector.fromArray(S, src, i).mul(g0);
            sum = FloatVector.fromArray(S, src, i + rStep).fma(g1, sum);
            FloatVector.fromArray(S, src, i + 2 * rStep).fma(g2, sum).intoArray(dst, o);
        }
    }

    /// `G'` of F(4, 3): 3 values from 6.
    static void kernelGradient6(
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
            FloatVector u5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            a.fma(FloatVector.broadcast(S, P2), c.fma(FloatVector.broadcast(S, Q2), u5))
                    .intoArray(dst, o + 2 * outStep);
        }
    }

    /// `G'` of F(2, 3): 3 values from 4.
    static void kernelGradient4(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector u1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector u2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector a = u1.add(u2).mul(0.5f);
            FloatVector.fromArray(S, src, i).add(a).intoArray(dst, o);
            u1.sub(u2).mul(0.5f).intoArray(dst, o + outStep);
            a.add(FloatVector.fromArray(S, src, i + 3 * rStep)).intoArray(dst, o + 2 * outStep);
        }
    }
}
