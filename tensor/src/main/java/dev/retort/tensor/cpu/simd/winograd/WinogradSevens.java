package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The transforms of F(4, 4), four outputs of a kernel of four, at seven points: ±5/16, ±13/16, ±15/8 and infinity.
///
/// Pairs of points of either sign share sums of even and of odd powers; with 0 in place of one pair the error would
/// be twice as large. With E(x) the product of x² - q² over the other two pairs, pair ±p of inputs d is
/// `(E(d1, d3, d5) ± p E(d0, d2, d4))`, and `N = 2 p E(p)` divides the kernel. Powers and products of points are
/// exact. Arguments are those of [WinogradTransforms].
final class WinogradSevens {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    static final float P = 5f / 16;
    static final float Q = 13f / 16;
    static final float R = 15f / 8;
    static final float P2 = P * P;
    static final float Q2 = Q * Q;
    static final float R2 = R * R;
    static final float P3 = P * P2;
    static final float Q3 = Q * Q2;
    static final float R3 = R * R2;
    /// Coefficients of 1 and x² in E of each pair, and of 1, x² and x⁴ in the product of all pairs.
    static final float PE0 = Q2 * R2;

    static final float PE2 = -Q2 - R2;
    static final float QE0 = P2 * R2;
    static final float QE2 = -P2 - R2;
    static final float RE0 = P2 * Q2;
    static final float RE2 = -P2 - Q2;
    static final float ALL0 = -P2 * Q2 * R2;
    static final float ALL2 = P2 * Q2 + P2 * R2 + Q2 * R2;
    static final float ALL4 = -P2 - Q2 - R2;
    /// 1 / N of a pair's positive point.
    private static final float GP = (float) (1 / (2.0 * P * (P2 - Q2) * (P2 - R2)));

    private static final float GQ = (float) (1 / (2.0 * Q * (Q2 - P2) * (Q2 - R2)));
    private static final float GR = (float) (1 / (2.0 * R * (R2 - P2) * (R2 - Q2)));

    private WinogradSevens() {}

    /// `B'`: 7 values from 7.
    static void input(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector d0 = FloatVector.fromArray(S, src, i);
            FloatVector d1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector d4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector d5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            FloatVector d6 = FloatVector.fromArray(S, src, i + 6 * rStep);
            FloatVector pe = d0.fma(FloatVector.broadcast(S, PE0), d2.fma(FloatVector.broadcast(S, PE2), d4));
            FloatVector po = d1.fma(FloatVector.broadcast(S, PE0), d3.fma(FloatVector.broadcast(S, PE2), d5));
            pe.fma(FloatVector.broadcast(S, P), po).intoArray(dst, o);
            pe.fma(FloatVector.broadcast(S, -P), po).intoArray(dst, o + outStep);
            FloatVector qe = d0.fma(FloatVector.broadcast(S, QE0), d2.fma(FloatVector.broadcast(S, QE2), d4));
            FloatVector qo = d1.fma(FloatVector.broadcast(S, QE0), d3.fma(FloatVector.broadcast(S, QE2), d5));
            qe.fma(FloatVector.broadcast(S, Q), qo).intoArray(dst, o + 2 * outStep);
            qe.fma(FloatVector.broadcast(S, -Q), qo).intoArray(dst, o + 3 * outStep);
            FloatVector re = d0.fma(FloatVector.broadcast(S, RE0), d2.fma(FloatVector.broadcast(S, RE2), d4));
            FloatVector ro = d1.fma(FloatVector.broadcast(S, RE0), d3.fma(FloatVector.broadcast(S, RE2), d5));
            re.fma(FloatVector.broadcast(S, R), ro).intoArray(dst, o + 4 * outStep);
            re.fma(FloatVector.broadcast(S, -R), ro).intoArray(dst, o + 5 * outStep);
            FloatVector all = d4.fma(FloatVector.broadcast(S, ALL4), d6);
            d0.fma(FloatVector.broadcast(S, ALL0), d2.fma(FloatVector.broadcast(S, ALL2), all))
                    .intoArray(dst, o + 6 * outStep);
        }
    }

    /// `A'`: 4 values from 7.
    static void output(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector m0 = FloatVector.fromArray(S, src, i);
            FloatVector m1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector m2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector m3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector m4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector m5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            FloatVector a = m0.add(m1);
            FloatVector b = m2.add(m3);
            FloatVector c = m4.add(m5);
            a.add(b).add(c).intoArray(dst, o);
            a.fma(FloatVector.broadcast(S, P2), b.fma(FloatVector.broadcast(S, Q2), c.mul(R2)))
                    .intoArray(dst, o + 2 * outStep);
            FloatVector e = m0.sub(m1);
            FloatVector f = m2.sub(m3);
            FloatVector g = m4.sub(m5);
            e.fma(FloatVector.broadcast(S, P), f.fma(FloatVector.broadcast(S, Q), g.mul(R)))
                    .intoArray(dst, o + outStep);
            FloatVector h = g.fma(FloatVector.broadcast(S, R3), FloatVector.fromArray(S, src, i + 6 * rStep));
            e.fma(FloatVector.broadcast(S, P3), f.fma(FloatVector.broadcast(S, Q3), h))
                    .intoArray(dst, o + 3 * outStep);
        }
    }

    /// `A`: 7 values from 4.
    static void gradient(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector y0 = FloatVector.fromArray(S, src, i);
            FloatVector y1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector y2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector y3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector pe = y2.fma(FloatVector.broadcast(S, P2), y0);
            FloatVector po = y3.fma(FloatVector.broadcast(S, P2), y1);
            po.fma(FloatVector.broadcast(S, P), pe).intoArray(dst, o);
            po.fma(FloatVector.broadcast(S, -P), pe).intoArray(dst, o + outStep);
            FloatVector qe = y2.fma(FloatVector.broadcast(S, Q2), y0);
            FloatVector qo = y3.fma(FloatVector.broadcast(S, Q2), y1);
            qo.fma(FloatVector.broadcast(S, Q), qe).intoArray(dst, o + 2 * outStep);
            qo.fma(FloatVector.broadcast(S, -Q), qe).intoArray(dst, o + 3 * outStep);
            FloatVector re = y2.fma(FloatVector.broadcast(S, R2), y0);
            FloatVector ro = y3.fma(FloatVector.broadcast(S, R2), y1);
            ro.fma(FloatVector.broadcast(S, R), re).intoArray(dst, o + 4 * outStep);
            ro.fma(FloatVector.broadcast(S, -R), re).intoArray(dst, o + 5 * outStep);
            y3.intoArray(dst, o + 6 * outStep);
        }
    }

    /// `G`: 7 values from 4.
    static void kernel(float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector g0 = FloatVector.fromArray(S, src, i);
            FloatVector g1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector g2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector g3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector pe = g2.fma(FloatVector.broadcast(S, P2), g0).mul(GP);
            FloatVector po = g3.fma(FloatVector.broadcast(S, P2), g1).mul(P * GP);
            po.add(pe).intoArray(dst, o);
            po.sub(pe).intoArray(dst, o + outStep);
            FloatVector qe = g2.fma(FloatVector.broadcast(S, Q2), g0).mul(GQ);
            FloatVector qo = g3.fma(FloatVector.broadcast(S, Q2), g1).mul(Q * GQ);
            qo.add(qe).intoArray(dst, o + 2 * outStep);
            qo.sub(qe).intoArray(dst, o + 3 * outStep);
            FloatVector re = g2.fma(FloatVector.broadcast(S, R2), g0).mul(GR);
            FloatVector ro = g3.fma(FloatVector.broadcast(S, R2), g1).mul(R * GR);
            ro.add(re).intoArray(dst, o + 4 * outStep);
            ro.sub(re).intoArray(dst, o + 5 * outStep);
            g3.intoArray(dst, o + 6 * outStep);
        }
    }

    /// `G'`: 4 values from 7.
    static void kernelGradient(
            float[] src, int s, int rStep, int qStep, float[] dst, int d, int outStep, int outQ, int count) {
        for (int q = 0, i = s, o = d; q < count; q++, i += qStep, o += outQ) {
            FloatVector u0 = FloatVector.fromArray(S, src, i);
            FloatVector u1 = FloatVector.fromArray(S, src, i + rStep);
            FloatVector u2 = FloatVector.fromArray(S, src, i + 2 * rStep);
            FloatVector u3 = FloatVector.fromArray(S, src, i + 3 * rStep);
            FloatVector u4 = FloatVector.fromArray(S, src, i + 4 * rStep);
            FloatVector u5 = FloatVector.fromArray(S, src, i + 5 * rStep);
            FloatVector a = u0.sub(u1).mul(GP);
            FloatVector b = u2.sub(u3).mul(GQ);
            FloatVector c = u4.sub(u5).mul(GR);
            a.add(b).add(c).intoArray(dst, o);
            a.fma(FloatVector.broadcast(S, P2), b.fma(FloatVector.broadcast(S, Q2), c.mul(R2)))
                    .intoArray(dst, o + 2 * outStep);
            FloatVector e = u0.add(u1).mul(P * GP);
            FloatVector f = u2.add(u3).mul(Q * GQ);
            FloatVector g = u4.add(u5).mul(R * GR);
            e.add(f).add(g).intoArray(dst, o + outStep);
            FloatVector h = g.fma(FloatVector.broadcast(S, R2), FloatVector.fromArray(S, src, i + 6 * rStep));
            e.fma(FloatVector.broadcast(S, P2), f.fma(FloatVector.broadcast(S, Q2), h))
                    .intoArray(dst, o + 3 * outStep);
        }
    }
}
