package dev.retort.tensor.cpu.simd.winograd;

import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.P;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.P2;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.Q;
import static dev.retort.tensor.cpu.simd.winograd.WinogradTransforms.Q2;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// How rows of floats become vectors with a tile in each lane, and back; for tiles that start four columns apart.
///
/// A strip is L / 4 neighbouring tiles, so L columns, and four strips make a vector: lane `g + 4 h` holds tile h of
/// strip g. Loaded so that column k of its first tile falls on lane g, a strip has column k of its other tiles on
/// the lanes `g + 4 h`. So the vector of column k is four loads and three blends, and nothing is shuffled (L = 8):
///
/// ```
///   strip 0, from column k on        a . . . b . . .      a, b: column k of the two tiles of strip 0
///   strip 1, from column k - 1 on    . c . . . d . .
///   strip 2, from column k - 2 on    . . e . . . f .
///   strip 3, from column k - 3 on    . . . g . . . h
/// ```
///
/// On the way back the four columns of the tiles are what strips are here, and the other way round. Distances that are
/// constants cost fewer checks and registers.
final class TileLanes {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Floats from row to row of [#columns]; rows have up to 56 columns, and zeros on both sides.
    static final int ROW = 72;
    /// Floats from row to row of a tile in [#rows], one vector a column.
    private static final int TILE_ROW = 4 * L;

    private static final VectorMask<Float> ODD = lanes(1);
    private static final VectorMask<Float> ODD_PAIRS = lanes(2);

    private TileLanes() {}

    /// The lanes whose number has this bit.
    static VectorMask<Float> lanes(int bit) {
        boolean[] set = new boolean[L];
        for (int i = 0; i < L; i++) {
            set[i] = (i & bit) != 0;
        }
        return VectorMask.fromArray(S, set, 0);
    }

    /// The first half of the transform of inputs ([WinogradTransforms#input6]), along the columns:
    /// point a of the six rows that tile row r reads, `src[s + r * tileRow + 0..5 * row]`, goes to
    /// `dst[d + (6 r + a) * ROW]`. Rows have `vectors` vectors.
    static void columns(float[] src, int s, int row, int tileRow, int tileRows, int vectors, float[] dst, int d) {
        for (int r = 0; r < tileRows; r++) {
            for (int q = 0; q < vectors; q++) {
                int i = s + r * tileRow + q * L;
                int o = d + r * 6 * ROW + q * L;
                FloatVector d0 = FloatVector.fromArray(S, src, i);
                FloatVector d1 = FloatVector.fromArray(S, src, i + row);
                FloatVector d2 = FloatVector.fromArray(S, src, i + 2 * row);
                FloatVector d3 = FloatVector.fromArray(S, src, i + 3 * row);
                FloatVector d4 = FloatVector.fromArray(S, src, i + 4 * row);
                FloatVector d5 = FloatVector.fromArray(S, src, i + 5 * row);
                d0.fma(FloatVector.broadcast(S, P2 * Q2), d2.fma(FloatVector.broadcast(S, -P2 - Q2), d4))
                        .intoArray(dst, o);
                FloatVector x = d2.fma(FloatVector.broadcast(S, -Q2), d4);
                FloatVector y = d1.fma(FloatVector.broadcast(S, -Q2), d3);
                y.fma(FloatVector.broadcast(S, P), x).intoArray(dst, o + ROW);
                y.fma(FloatVector.broadcast(S, -P), x).intoArray(dst, o + 2 * ROW);
                FloatVector u = d2.fma(FloatVector.broadcast(S, -P2), d4);
                FloatVector v = d1.fma(FloatVector.broadcast(S, -P2), d3);
                v.fma(FloatVector.broadcast(S, Q), u).intoArray(dst, o + 3 * ROW);
                v.fma(FloatVector.broadcast(S, -Q), u).intoArray(dst, o + 4 * ROW);
                d1.fma(FloatVector.broadcast(S, P2 * Q2), d3.fma(FloatVector.broadcast(S, -P2 - Q2), d5))
                        .intoArray(dst, o + 5 * ROW);
            }
        }
    }

    /// The second half, along the rows: point b of the six rows from strips `src[s0]` to `src[s3]`
    /// on, goes to `dst[d + (6 a + b) * step]`.
    static void points(float[] src, int s0, int s1, int s2, int s3, float[] dst, int d, int step) {
        int tileStep = 6 * step;
        for (int a = 0; a < 6; a++) {
            int t0 = s0 + a * ROW;
            int t1 = s1 + a * ROW - 1;
            int t2 = s2 + a * ROW - 2;
            int t3 = s3 + a * ROW - 3;
            FloatVector d0 = FloatVector.fromArray(S, src, t0)
                    .blend(FloatVector.fromArray(S, src, t1), ODD)
                    .blend(FloatVector.fromArray(S, src, t2).blend(FloatVector.fromArray(S, src, t3), ODD), ODD_PAIRS);
            FloatVector d1 = FloatVector.fromArray(S, src, t0 + 1)
                    .blend(FloatVector.fromArray(S, src, t1 + 1), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 1).blend(FloatVector.fromArray(S, src, t3 + 1), ODD),
                            ODD_PAIRS);
            FloatVector d2 = FloatVector.fromArray(S, src, t0 + 2)
                    .blend(FloatVector.fromArray(S, src, t1 + 2), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 2).blend(FloatVector.fromArray(S, src, t3 + 2), ODD),
                            ODD_PAIRS);
            FloatVector d3 = FloatVector.fromArray(S, src, t0 + 3)
                    .blend(FloatVector.fromArray(S, src, t1 + 3), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 3).blend(FloatVector.fromArray(S, src, t3 + 3), ODD),
                            ODD_PAIRS);
            FloatVector d4 = FloatVector.fromArray(S, src, t0 + 4)
                    .blend(FloatVector.fromArray(S, src, t1 + 4), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 4).blend(FloatVector.fromArray(S, src, t3 + 4), ODD),
                            ODD_PAIRS);
            FloatVector d5 = FloatVector.fromArray(S, src, t0 + 5)
                    .blend(FloatVector.fromArray(S, src, t1 + 5), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 5).blend(FloatVector.fromArray(S, src, t3 + 5), ODD),
                            ODD_PAIRS);
            int o = d + a * tileStep;
            d0.fma(FloatVector.broadcast(S, P2 * Q2), d2.fma(FloatVector.broadcast(S, -P2 - Q2), d4))
                    .intoArray(dst, o);
            FloatVector x = d2.fma(FloatVector.broadcast(S, -Q2), d4);
            FloatVector y = d1.fma(FloatVector.broadcast(S, -Q2), d3);
            y.fma(FloatVector.broadcast(S, P), x).intoArray(dst, o + step);
            y.fma(FloatVector.broadcast(S, -P), x).intoArray(dst, o + 2 * step);
            FloatVector u = d2.fma(FloatVector.broadcast(S, -P2), d4);
            FloatVector v = d1.fma(FloatVector.broadcast(S, -P2), d3);
            v.fma(FloatVector.broadcast(S, Q), u).intoArray(dst, o + 3 * step);
            v.fma(FloatVector.broadcast(S, -Q), u).intoArray(dst, o + 4 * step);
            d1.fma(FloatVector.broadcast(S, P2 * Q2), d3.fma(FloatVector.broadcast(S, -P2 - Q2), d5))
                    .intoArray(dst, o + 5 * step);
        }
    }

    /// The same for four strips in a row.
    static void pointsOfRow(float[] src, int s, float[] dst, int d, int step) {
        int tileStep = 6 * step;
        for (int a = 0; a < 6; a++) {
            int t0 = s + a * ROW;
            int t1 = t0 + L - 1;
            int t2 = t0 + 2 * L - 2;
            int t3 = t0 + 3 * L - 3;
            FloatVector d0 = FloatVector.fromArray(S, src, t0)
                    .blend(FloatVector.fromArray(S, src, t1), ODD)
                    .blend(FloatVector.fromArray(S, src, t2).blend(FloatVector.fromArray(S, src, t3), ODD), ODD_PAIRS);
            FloatVector d1 = FloatVector.fromArray(S, src, t0 + 1)
                    .blend(FloatVector.fromArray(S, src, t1 + 1), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 1).blend(FloatVector.fromArray(S, src, t3 + 1), ODD),
                            ODD_PAIRS);
            FloatVector d2 = FloatVector.fromArray(S, src, t0 + 2)
                    .blend(FloatVector.fromArray(S, src, t1 + 2), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 2).blend(FloatVector.fromArray(S, src, t3 + 2), ODD),
                            ODD_PAIRS);
            FloatVector d3 = FloatVector.fromArray(S, src, t0 + 3)
                    .blend(FloatVector.fromArray(S, src, t1 + 3), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 3).blend(FloatVector.fromArray(S, src, t3 + 3), ODD),
                            ODD_PAIRS);
            FloatVector d4 = FloatVector.fromArray(S, src, t0 + 4)
                    .blend(FloatVector.fromArray(S, src, t1 + 4), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 4).blend(FloatVector.fromArray(S, src, t3 + 4), ODD),
                            ODD_PAIRS);
            FloatVector d5 = FloatVector.fromArray(S, src, t0 + 5)
                    .blend(FloatVector.fromArray(S, src, t1 + 5), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, t2 + 5).blend(FloatVector.fromArray(S, src, t3 + 5), ODD),
                            ODD_PAIRS);
            int o = d + a * tileStep;
            d0.fma(FloatVector.broadcast(S, P2 * Q2), d2.fma(FloatVector.broadcast(S, -P2 - Q2), d4))
                    .intoArray(dst, o);
            FloatVector x = d2.fma(FloatVector.broadcast(S, -Q2), d4);
            FloatVector y = d1.fma(FloatVector.broadcast(S, -Q2), d3);
            y.fma(FloatVector.broadcast(S, P), x).intoArray(dst, o + step);
            y.fma(FloatVector.broadcast(S, -P), x).intoArray(dst, o + 2 * step);
            FloatVector u = d2.fma(FloatVector.broadcast(S, -P2), d4);
            FloatVector v = d1.fma(FloatVector.broadcast(S, -P2), d3);
            v.fma(FloatVector.broadcast(S, Q), u).intoArray(dst, o + 3 * step);
            v.fma(FloatVector.broadcast(S, -Q), u).intoArray(dst, o + 4 * step);
            d1.fma(FloatVector.broadcast(S, P2 * Q2), d3.fma(FloatVector.broadcast(S, -P2 - Q2), d5))
                    .intoArray(dst, o + 5 * step);
        }
    }

    /// Writes the four rows of the tiles of four strips, for `planes` planes, plus a bias each;
    /// false if a value, without its bias, is not finite. Column j of row a of plane f is the
    /// vector at `src[s + f * plane + (4 a + j) * L]`. Row a of strip q goes to `dst[tq + f *
    /// outPlane + a * outRow]`, its bias is `bias[b + f * biasStep]`.
    static boolean rows(
            float[] src,
            int s,
            int plane,
            int planes,
            float[] dst,
            int t0,
            int t1,
            int t2,
            int t3,
            int outPlane,
            int outRow,
            float[] bias,
            int b,
            int biasStep) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector even = zero; // sums of products with zero, two chains, since each waits for its last sum
        FloatVector odd = zero;
        for (int i = 0; i < 4 * planes; i++) {
            int f = i >> 2;
            int a = i & 3;
            int to = f * outPlane + a * outRow;
            int c0 = s + f * plane + a * TILE_ROW;
            int c1 = c0 + L - 1;
            int c2 = c0 + 2 * L - 2;
            int c3 = c0 + 3 * L - 3;
            FloatVector shift = FloatVector.broadcast(S, bias[b + f * biasStep]);
            FloatVector y0 = FloatVector.fromArray(S, src, c0)
                    .blend(FloatVector.fromArray(S, src, c1), ODD)
                    .blend(FloatVector.fromArray(S, src, c2).blend(FloatVector.fromArray(S, src, c3), ODD), ODD_PAIRS);
            even = y0.fma(zero, even);
            y0.add(shift).intoArray(dst, t0 + to);
            FloatVector y1 = FloatVector.fromArray(S, src, c0 + 1)
                    .blend(FloatVector.fromArray(S, src, c1 + 1), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, c2 + 1).blend(FloatVector.fromArray(S, src, c3 + 1), ODD),
                            ODD_PAIRS);
            odd = y1.fma(zero, odd);
            y1.add(shift).intoArray(dst, t1 + to);
            FloatVector y2 = FloatVector.fromArray(S, src, c0 + 2)
                    .blend(FloatVector.fromArray(S, src, c1 + 2), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, c2 + 2).blend(FloatVector.fromArray(S, src, c3 + 2), ODD),
                            ODD_PAIRS);
            even = y2.fma(zero, even);
            y2.add(shift).intoArray(dst, t2 + to);
            FloatVector y3 = FloatVector.fromArray(S, src, c0 + 3)
                    .blend(FloatVector.fromArray(S, src, c1 + 3), ODD)
                    .blend(
                            FloatVector.fromArray(S, src, c2 + 3).blend(FloatVector.fromArray(S, src, c3 + 3), ODD),
                            ODD_PAIRS);
            odd = y3.fma(zero, odd);
            y3.add(shift).intoArray(dst, t3 + to);
        }
        return even.add(odd).compare(VectorOperators.EQ, 0f).allTrue();
    }
}
