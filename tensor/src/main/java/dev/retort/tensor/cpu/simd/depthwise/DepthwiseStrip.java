package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Depthwise 3 x 3 filter with stride 1 on one padded plane, and its weight gradient: every source
/// row is loaded once.
///
/// ```
///   source rows r, r + 1, r + 2 (pitch apart)      a strip of L output columns, walked downwards
///   row r + 2 loads 3 shifted vectors and adds     sum of row r     (kernel row 2: complete, stored)
///   them to the sums of three output rows          sum of row r + 1 (kernel row 1)
///                                                  sum of row r + 2 (kernel row 0: started from the bias)
/// ```
///
/// Each sum is one chain over rows and columns in ascending order, whatever the vector width. The
/// weight gradient walks down in the same way, with nine sums over lanes and the last three rows of
/// the output's gradient in registers.
final class DepthwiseStrip {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private DepthwiseStrip() {}

    /// Writes `height x width` outputs at `y[yo]`.
    ///
    /// Output (i, j) reads rows i to i + 2 and columns j to j + 2 of the plane at `x[xo]`, whose
    /// rows are `pitch` apart. Kernel element (u, v) is `w[wo + u * wRow + v * wColumn]`. Up to L
    /// floats behind the last row are read.
    static void filter(
            float[] x,
            int xo,
            int pitch,
            float[] w,
            int wo,
            int wRow,
            int wColumn,
            float bias,
            float[] y,
            int yo,
            int height,
            int width) {
        if (DepthwisePairs.AVAILABLE && width >= L && height % 2 == 0) {
            DepthwisePairs.filter(x, xo, pitch, w, wo, wRow, wColumn, bias, y, yo, height, width);
            return;
        }
        for (int j = 0; j < width; j += L) {
            int left = width < L ? 0 : Math.min(j, width - L); // the last strip overlaps the one before it
            strip(x, xo + left, pitch, w, wo, wRow, wColumn, bias, y, yo + left, height, width);
        }
    }

    private static void strip(
            float[] x,
            int xo,
            int pitch,
            float[] w,
            int wo,
            int wRow,
            int wColumn,
            float bias,
            float[] y,
            int yo,
            int height,
            int width) {
        VectorMask<Float> some = S.indexInRange(0, width);
        boolean whole = width >= L;
        FloatVector w00 = FloatVector.broadcast(S, w[wo]);
        FloatVector w01 = FloatVector.broadcast(S, w[wo + wColumn]);
        FloatVector w02 = FloatVector.broadcast(S, w[wo + 2 * wColumn]);
        FloatVector w10 = FloatVector.broadcast(S, w[wo + wRow]);
        FloatVector w11 = FloatVector.broadcast(S, w[wo + wRow + wColumn]);
        FloatVector w12 = FloatVector.broadcast(S, w[wo + wRow + 2 * wColumn]);
        FloatVector w20 = FloatVector.broadcast(S, w[wo + 2 * wRow]);
        FloatVector w21 = FloatVector.broadcast(S, w[wo + 2 * wRow + wColumn]);
        FloatVector w22 = FloatVector.broadcast(S, w[wo + 2 * wRow + 2 * wColumn]);
        FloatVector start = FloatVector.broadcast(S, bias);
        FloatVector a = FloatVector.fromArray(S, x, xo);
        FloatVector b = FloatVector.fromArray(S, x, xo + 1);
        FloatVector c = FloatVector.fromArray(S, x, xo + 2);
        FloatVector s0 = w02.fma(c, w01.fma(b, w00.fma(a, start)));
        a = FloatVector.fromArray(S, x, xo + pitch);
        b = FloatVector.fromArray(S, x, xo + pitch + 1);
        c = FloatVector.fromArray(S, x, xo + pitch + 2);
        s0 = w12.fma(c, w11.fma(b, w10.fma(a, s0)));
        FloatVector s1 = w02.fma(c, w01.fma(b, w00.fma(a, start)));
        int from = xo + 2 * pitch;
        int to = yo;
        for (int i = 0; i < height; i++) {
            a = FloatVector.fromArray(S, x, from);
            b = FloatVector.fromArray(S, x, from + 1);
            c = FloatVector.fromArray(S, x, from + 2);
            FloatVector done = w22.fma(c, w21.fma(b, w20.fma(a, s0)));
            s0 = w12.fma(c, w11.fma(b, w10.fma(a, s1)));
            s1 = w02.fma(c, w01.fma(b, w00.fma(a, start)));
            if (whole) {
                done.intoArray(y, to);
            } else {
                done.intoArray(y, to, some);
            }
            from += pitch;
            to += width;
        }
    }

    /// Adds to nine vectors at `lanes[0]` the products of `height x width` gradients at `g[go]`
    /// with what each kernel element read of the padded plane.
    static void addProducts(float[] x, int xo, int pitch, float[] g, int go, int height, int width, float[] lanes) {
        int first = 0;
        if (DepthwisePairs.AVAILABLE && width >= L && height % 2 == 0) {
            first = width / L * L;
            DepthwisePairs.addProducts(x, xo, pitch, g, go, width, height, first, lanes);
        }
        for (int j = first; j < width; j += L) {
            productStrip(x, xo + j, pitch, g, go + j, height, width, width - j, lanes);
        }
    }

    private static void productStrip(
            float[] x, int xo, int pitch, float[] g, int go, int height, int width, int count, float[] lanes) {
        VectorMask<Float> some = S.indexInRange(0, count);
        boolean whole = count >= L;
        FloatVector s00 = FloatVector.fromArray(S, lanes, 0);
        FloatVector s01 = FloatVector.fromArray(S, lanes, L);
        FloatVector s02 = FloatVector.fromArray(S, lanes, 2 * L);
        FloatVector s10 = FloatVector.fromArray(S, lanes, 3 * L);
        FloatVector s11 = FloatVector.fromArray(S, lanes, 4 * L);
        FloatVector s12 = FloatVector.fromArray(S, lanes, 5 * L);
        FloatVector s20 = FloatVector.fromArray(S, lanes, 6 * L);
        FloatVector s21 = FloatVector.fromArray(S, lanes, 7 * L);
        FloatVector s22 = FloatVector.fromArray(S, lanes, 8 * L);
        FloatVector g1 = FloatVector.zero(S);
        FloatVector g2 = g1;
        int from = xo;
        int at = go;
        for (int i = 0; i < height + 2; i++) {
            FloatVector g0 = FloatVector.zero(S);
            if (i < height) {
                g0 = whole ? FloatVector.fromArray(S, g, at) : FloatVector.fromArray(S, g, at, some);
            }
            FloatVector a = FloatVector.fromArray(S, x, from);
            FloatVector b = FloatVector.fromArray(S, x, from + 1);
            FloatVector c = FloatVector.fromArray(S, x, from + 2);
            s00 = a.fma(g0, s00);
            s01 = b.fma(g0, s01);
            s02 = c.fma(g0, s02);
            s10 = a.fma(g1, s10);
            s11 = b.fma(g1, s11);
            s12 = c.fma(g1, s12);
            s20 = a.fma(g2, s20);
            s21 = b.fma(g2, s21);
            s22 = c.fma(g2, s22);
            g2 = g1;
            g1 = g0;
            from += pitch;
            at += width;
        }
        s00.intoArray(lanes, 0);
        s01.intoArray(lanes, L);
        s02.intoArray(lanes, 2 * L);
        s10.intoArray(lanes, 3 * L);
        s11.intoArray(lanes, 4 * L);
        s12.intoArray(lanes, 5 * L);
        s20.intoArray(lanes, 6 * L);
        s21.intoArray(lanes, 7 * L);
        s22.intoArray(lanes, 8 * L);
    }

    /// The sum of the lanes of one of the vectors, in the order of [Lanes#sum]; overwrites them.
    static float laneSum(float[] lanes, int element) {
        int at = element * L;
        for (int half = L / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        return lanes[at];
    }
}
