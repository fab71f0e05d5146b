package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Depthwise 3 x 3 filter with stride 1 and one row and column of padding, and its weight gradient, on planes as they
/// lie: what [DepthwiseStrip] does, with the same bits, without a padded copy.
///
/// ```
///   source row:  … | x0 x1 x2 …  … xn | …        a strip of L columns loads three shifted vectors; in the first and
///                  ^ - 1          + 1 ^          the last strip the lane that lies outside of the row becomes zero
/// ```
///
/// Rows of other planes are read and dropped, so one float before the plane and L + 1 behind it must exist ([#fits]).
final class DepthwisePlane {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private DepthwisePlane() {}

    /// Whether enough floats lie around `size` floats from `x[xo]` on.
    static boolean fits(float[] x, int xo, int size) {
        return xo >= 1 && xo + size + L + 1 <= x.length;
    }

    /// Writes outputs of rows [i0, i1) of the plane at `x[xo]` to the one at `y[yo]`. Kernel element (u, v) is
    /// `w[wo + u * wRow + v * wColumn]`.
    static void filter(
            float[] x,
            int xo,
            int height,
            int width,
            float[] w,
            int wo,
            int wRow,
            int wColumn,
            float bias,
            float[] y,
            int yo,
            int i0,
            int i1) {
        for (int j = 0; j < width; j += L) {
            int left = width < L ? 0 : Math.min(j, width - L); // the last strip overlaps the one before it
            strip(x, xo + left, height, width, left, w, wo, wRow, wColumn, bias, y, yo + left, i0, i1);
        }
    }

    private static void strip(
            float[] x,
            int xo,
            int height,
            int width,
            int left,
            float[] w,
            int wo,
            int wRow,
            int wColumn,
            float bias,
            float[] y,
            int yo,
            int i0,
            int i1) {
        VectorMask<Float> some = S.indexInRange(0, width);
        VectorMask<Float> before = S.indexInRange(left, 1);
        VectorMask<Float> behind = S.indexInRange(left + 1, width).not();
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
        FloatVector s0 = start;
        FloatVector s1 = start;
        int last = Math.min(i1, height - 1);
        for (int r = Math.max(0, i0 - 1); r <= last; r++) {
            int from = xo + r * width;
            FloatVector a = FloatVector.fromArray(S, x, from - 1).blend(0f, before);
            FloatVector b = FloatVector.fromArray(S, x, from);
            FloatVector c = FloatVector.fromArray(S, x, from + 1).blend(0f, behind);
            FloatVector done = w22.fma(c, w21.fma(b, w20.fma(a, s0)));
            s0 = w12.fma(c, w11.fma(b, w10.fma(a, s1)));
            s1 = w02.fma(c, w01.fma(b, w00.fma(a, start)));
            if (r > i0) {
                if (whole) {
                    done.intoArray(y, yo + (r - 1) * width);
                } else {
                    done.intoArray(y, yo + (r - 1) * width, some);
                }
            }
        }
        if (i1 == height) {
            s0.intoArray(y, yo + last * width, some);
        }
    }

    /// Adds to nine vectors at `lanes[0]` the products of rows [i0, i1) of the gradients at `g[go]` with what each
    /// kernel element read of the plane at `x[xo]`.
    static void addProducts(
            float[] x, int xo, int height, int width, float[] g, int go, int i0, int i1, float[] lanes) {
        for (int j = 0; j < width; j += L) {
            productStrip(x, xo + j, height, width, j, g, go + j, i0, i1, lanes);
        }
    }

    private static void productStrip(
            float[] x, int xo, int height, int width, int left, float[] g, int go, int i0, int i1, float[] lanes) {
        VectorMask<Float> some = S.indexInRange(left, width);
        VectorMask<Float> before = S.indexInRange(left, 1);
        VectorMask<Float> behind = S.indexInRange(left + 1, width).not();
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
        if (i0 == 0) {
            g1 = FloatVector.fromArray(S, g, go, some);
        }
        int last = Math.min(i1, height - 1);
        for (int r = Math.max(0, i0 - 1); r <= last; r++) {
            FloatVector g0 = FloatVector.zero(S);
            if (r + 1 < i1) {
                g0 = FloatVector.fromArray(S, g, go + (r + 1) * width, some);
            }
            int from = xo + r * width;
            FloatVector a = FloatVector.fromArray(S, x, from - 1).blend(0f, before);
            FloatVector b = FloatVector.fromArray(S, x, from);
            FloatVector c = FloatVector.fromArray(S, x, from + 1).blend(0f, behind);
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
}
