package dev.retort.tensor.cpu.simd.winograd;

import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.ALL0;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.ALL2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.ALL4;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.P;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.P2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.P3;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.PE0;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.PE2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.Q;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.Q2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.Q3;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.QE0;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.QE2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.R;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.R2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.R3;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.RE0;
import static dev.retort.tensor.cpu.simd.winograd.WinogradSevens.RE2;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Rows of floats to the points of F(4, 4) ([WinogradSevens]) with a tile in each lane, by the loads and blends of
/// [TileLanes], for vectors of eight.
final class SevenLanes {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Points along an axis.
    static final int ALPHA = 7;
    /// Outputs along an axis.
    static final int M = 4;
    /// Strips side by side at most: as many as 112 columns have.
    static final int STRIPS = 14;
    /// Floats from row to row of a phase: the strips, and what their last tile reads besides.
    static final int PHASE_ROW = (STRIPS + 1) * L;
    /// The same once transformed along the columns: there is a vector on both sides, too.
    static final int ROW = PHASE_ROW + 2 * L;
    /// Floats from point to point of the transformed inputs of two vectors of tiles, an odd number of cache lines:
    /// room for 16 channels.
    static final int SLOT = 17 * 2 * L;
    /// Floats of a vector of tiles transformed back.
    static final int WHOLE = M * M * L;

    private static final VectorMask<Float> ODD = TileLanes.lanes(1);
    private static final VectorMask<Float> ODD_PAIRS = TileLanes.lanes(2);

    private SevenLanes() {}

    /// The first half of the transform of inputs, along the columns of a phase: point a of the rows that tile row r
    /// reads, from `src[s + 4 r * PHASE_ROW]` on, goes to `dst[d + (7 r + a) * ROW]`.
    static void columns(float[] src, int s, int tileRows, int vectors, float[] dst, int d) {
        for (int r = 0; r < tileRows; r++) {
            for (int q = 0; q < vectors; q++) {
                int i = s + r * M * PHASE_ROW + q * L;
                int o = d + r * ALPHA * ROW + q * L;
                FloatVector d0 = FloatVector.fromArray(S, src, i);
                FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * PHASE_ROW);
                FloatVector d4 = FloatVector.fromArray(S, src, i + 4 * PHASE_ROW);
                FloatVector d6 = FloatVector.fromArray(S, src, i + 6 * PHASE_ROW);
                FloatVector all = d4.fma(FloatVector.broadcast(S, ALL4), d6);
                d0.fma(FloatVector.broadcast(S, ALL0), d2.fma(FloatVector.broadcast(S, ALL2), all))
                        .intoArray(dst, o + 6 * ROW);
                FloatVector pe = d0.fma(FloatVector.broadcast(S, PE0), d2.fma(FloatVector.broadcast(S, PE2), d4));
                FloatVector qe = d0.fma(FloatVector.broadcast(S, QE0), d2.fma(FloatVector.broadcast(S, QE2), d4));
                FloatVector re = d0.fma(FloatVector.broadcast(S, RE0), d2.fma(FloatVector.broadcast(S, RE2), d4));
                FloatVector d1 = FloatVector.fromArray(S, src, i + PHASE_ROW);
                FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * PHASE_ROW);
                FloatVector d5 = FloatVector.fromArray(S, src, i + 5 * PHASE_ROW);
                FloatVector po = d1.fma(FloatVector.broadcast(S, PE0), d3.fma(FloatVector.broadcast(S, PE2), d5));
                pe.fma(FloatVector.broadcast(S, P), po).intoArray(dst, o);
                pe.fma(FloatVector.broadcast(S, -P), po).intoArray(dst, o + ROW);
                FloatVector qo = d1.fma(FloatVector.broadcast(S, QE0), d3.fma(FloatVector.broadcast(S, QE2), d5));
                qe.fma(FloatVector.broadcast(S, Q), qo).intoArray(dst, o + 2 * ROW);
                qe.fma(FloatVector.broadcast(S, -Q), qo).intoArray(dst, o + 3 * ROW);
                FloatVector ro = d1.fma(FloatVector.broadcast(S, RE0), d3.fma(FloatVector.broadcast(S, RE2), d5));
                re.fma(FloatVector.broadcast(S, R), ro).intoArray(dst, o + 4 * ROW);
                re.fma(FloatVector.broadcast(S, -R), ro).intoArray(dst, o + 5 * ROW);
            }
        }
    }

    /// The second half, along the rows: point b of the seven rows from strips `src[s0]` to `src[s3]` on goes to
    /// `dst[d + (7 a + b) * SLOT]`.
    static void points(float[] src, int s0, int s1, int s2, int s3, float[] dst, int d) {
        for (int a = 0; a < ALPHA; a++) {
            int t0 = s0 + a * ROW;
            int t1 = s1 + a * ROW - 1;
            int t2 = s2 + a * ROW - 2;
            int t3 = s3 + a * ROW - 3;
            FloatVector d0 = FloatVector.fromArray(S, src, t0)
                    .blend(FloatVector.fromArray(S, src, t1), ODD)
                    .blend(FloatVector.fromArray(S, src, t2).blend(FloatVector.fromArray(S, src, t3), ODD), ODD_PAIRS);
            FloatVector d2 = FloatVector.fromArray(S, src, t0 + 2)
                    .blend(FloatVector.fromArray(S, src, t1 + 2), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 2).blend(FloatVector.fromArray(S, src, t3 + 2), ODD),
                            ODD_PAIRS);
            FloatVector d4 = FloatVector.fromArray(S, src, t0 + 4)
                    .blend(FloatVector.fromArray(S, src, t1 + 4), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 4).blend(FloatVector.fromArray(S, src, t3 + 4), ODD),
                            ODD_PAIRS);
            FloatVector d6 = FloatVector.fromArray(S, src, t0 + 6)
                    .blend(FloatVector.fromArray(S, src, t1 + 6), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 6).blend(FloatVector.fromArray(S, src, t3 + 6), ODD),
                            ODD_PAIRS);
            int o = d + a * ALPHA * SLOT;
            FloatVector all = d4.fma(FloatVector.broadcast(S, ALL4), d6);
            d0.fma(FloatVector.broadcast(S, ALL0), d2.fma(FloatVector.broadcast(S, ALL2), all))
                    .intoArray(dst, o + 6 * SLOT);
            FloatVector pe = d0.fma(FloatVector.broadcast(S, PE0), d2.fma(FloatVector.broadcast(S, PE2), d4));
            FloatVector qe = d0.fma(FloatVector.broadcast(S, QE0), d2.fma(FloatVector.broadcast(S, QE2), d4));
            FloatVector re = d0.fma(FloatVector.broadcast(S, RE0), d2.fma(FloatVector.broadcast(S, RE2), d4));
            FloatVector d1 = FloatVector.fromArray(S, src, t0 + 1)
                    .blend(FloatVector.fromArray(S, src, t1 + 1), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 1).blend(FloatVector.fromArray(S, src, t3 + 1), ODD),
                            ODD_PAIRS);
            FloatVector d3 = FloatVector.fromArray(S, src, t0 + 3)
                    .blend(FloatVector.fromArray(S, src, t1 + 3), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 3).blend(FloatVector.fromArray(S, src, t3 + 3), ODD),
                            ODD_PAIRS);
            FloatVector d5 = FloatVector.fromArray(S, src, t0 + 5)
                    .blend(FloatVector.fromArray(S, src, t1 + 5), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 5).blend(FloatVector.fromArray(S, src, t3 + 5), ODD),
                            ODD_PAIRS);
            FloatVector po = d1.fma(FloatVector.broadcast(S, PE0), d3.fma(FloatVector.broadcast(S, PE2), d5));
            pe.fma(FloatVector.broadcast(S, P), po).intoArray(dst, o);
            pe.fma(FloatVector.broadcast(S, -P), po).intoArray(dst, o + SLOT);
            FloatVector qo = d1.fma(FloatVector.broadcast(S, QE0), d3.fma(FloatVector.broadcast(S, QE2), d5));
            qe.fma(FloatVector.broadcast(S, Q), qo).intoArray(dst, o + 2 * SLOT);
            qe.fma(FloatVector.broadcast(S, -Q), qo).intoArray(dst, o + 3 * SLOT);
            FloatVector ro = d1.fma(FloatVector.broadcast(S, RE0), d3.fma(FloatVector.broadcast(S, RE2), d5));
            re.fma(FloatVector.broadcast(S, R), ro).intoArray(dst, o + 4 * SLOT);
            re.fma(FloatVector.broadcast(S, -R), ro).intoArray(dst, o + 5 * SLOT);
        }
    }

    /// The first half of the transform of products back, along the columns, in place: of `vectors` vectors of tiles,
    /// vector q of point k is `m[at + k * SevenProduct.SLOT + q * L]`, and row i takes the place of points 7 i to
    /// 7 i + 6.
    static void lower(float[] m, int at, int vectors) {
        for (int b = 0; b < ALPHA; b++) {
            for (int q = 0; q < vectors; q++) {
                int i = at + b * SevenProduct.SLOT + q * L;
                FloatVector m0 = FloatVector.fromArray(S, m, i);
                FloatVector m1 = FloatVector.fromArray(S, m, i + ALPHA * SevenProduct.SLOT);
                FloatVector a = m0.add(m1);
                FloatVector e = m0.sub(m1);
                FloatVector m2 = FloatVector.fromArray(S, m, i + 2 * ALPHA * SevenProduct.SLOT);
                FloatVector m3 = FloatVector.fromArray(S, m, i + 3 * ALPHA * SevenProduct.SLOT);
                FloatVector c = m2.add(m3);
                FloatVector f = m2.sub(m3);
                FloatVector m4 = FloatVector.fromArray(S, m, i + 4 * ALPHA * SevenProduct.SLOT);
                FloatVector m5 = FloatVector.fromArray(S, m, i + 5 * ALPHA * SevenProduct.SLOT);
                FloatVector g = m4.add(m5);
                FloatVector h = m4.sub(m5);
                a.add(c).add(g).intoArray(m, i);
                e.fma(FloatVector.broadcast(S, P), f.fma(FloatVector.broadcast(S, Q), h.mul(R)))
                        .intoArray(m, i + ALPHA * SevenProduct.SLOT);
                a.fma(FloatVector.broadcast(S, P2), c.fma(FloatVector.broadcast(S, Q2), g.mul(R2)))
                        .intoArray(m, i + 2 * ALPHA * SevenProduct.SLOT);
                FloatVector m6 = FloatVector.fromArray(S, m, i + 6 * ALPHA * SevenProduct.SLOT);
                FloatVector k = f.fma(FloatVector.broadcast(S, Q3), h.fma(FloatVector.broadcast(S, R3), m6));
                e.fma(FloatVector.broadcast(S, P3), k).intoArray(m, i + 3 * ALPHA * SevenProduct.SLOT);
            }
        }
    }

    /// The second half, along the rows: column c of row i of vector q to `dst[d + q * WHOLE + (4 i + c) * L]`.
    static void lowerRows(float[] m, int at, int vectors, float[] dst, int d) {
        for (int r = 0; r < M; r++) {
            for (int q = 0; q < vectors; q++) {
                int i = at + r * ALPHA * SevenProduct.SLOT + q * L;
                int o = d + q * WHOLE + r * M * L;
                FloatVector m0 = FloatVector.fromArray(S, m, i);
                FloatVector m1 = FloatVector.fromArray(S, m, i + SevenProduct.SLOT);
                FloatVector a = m0.add(m1);
                FloatVector e = m0.sub(m1);
                FloatVector m2 = FloatVector.fromArray(S, m, i + 2 * SevenProduct.SLOT);
                FloatVector m3 = FloatVector.fromArray(S, m, i + 3 * SevenProduct.SLOT);
                FloatVector c = m2.add(m3);
                FloatVector f = m2.sub(m3);
                FloatVector m4 = FloatVector.fromArray(S, m, i + 4 * SevenProduct.SLOT);
                FloatVector m5 = FloatVector.fromArray(S, m, i + 5 * SevenProduct.SLOT);
                FloatVector g = m4.add(m5);
                FloatVector h = m4.sub(m5);
                a.add(c).add(g).intoArray(dst, o);
                e.fma(FloatVector.broadcast(S, P), f.fma(FloatVector.broadcast(S, Q), h.mul(R)))
                        .intoArray(dst, o + L);
                a.fma(FloatVector.broadcast(S, P2), c.fma(FloatVector.broadcast(S, Q2), g.mul(R2)))
                        .intoArray(dst, o + 2 * L);
                FloatVector m6 = FloatVector.fromArray(S, m, i + 6 * SevenProduct.SLOT);
                FloatVector k = f.fma(FloatVector.broadcast(S, Q3), h.fma(FloatVector.broadcast(S, R3), m6));
                e.fma(FloatVector.broadcast(S, P3), k).intoArray(dst, o + 3 * L);
            }
        }
    }
}
