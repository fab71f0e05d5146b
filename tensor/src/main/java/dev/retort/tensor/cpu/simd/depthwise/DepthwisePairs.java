package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What [DepthwiseStrip] does for processors with 16 vector registers: two rows of outputs at a time, along the rows;
/// filters with the same bits.
///
/// ```
///   source rows r, r + 1, r + 2, r + 3      three shifted loads each
///   outputs of row r:     kernel rows 0, 1, 2 on source rows r to r + 2
///   outputs of row r + 1:                      on source rows r + 1 to r + 3
/// ```
///
/// Nine weights and two sums fit the registers, or nine sums and two gradients; a strip that walks downwards needs 16
/// and keeps some on the stack.
final class DepthwisePairs {
    /// Whether this process has so few registers.
    static final boolean AVAILABLE = GemmKernel.ROWS == 4;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private DepthwisePairs() {}

    /// Operands as for [DepthwiseStrip#filter]; an even height, and a width of at least one vector.
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
        int whole = width / L * L;
        columns(x, xo, pitch, w, wo, wRow, wColumn, bias, y, yo, width, height, whole);
        if (whole < width) {
            int last = width - L; // overlaps the columns before it
            columns(x, xo + last, pitch, w, wo, wRow, wColumn, bias, y, yo + last, width, height, L);
        }
    }

    /// Whole vectors of columns.
    private static void columns(
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
            int yStep,
            int height,
            int width) {
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
        for (int i = 0; i < height; i += 2) {
            int from = xo + i * pitch;
            int to = yo + i * yStep;
            for (int j = 0; j < width; j += L) {
                int p = from + j;
                FloatVector v = FloatVector.fromArray(S, x, p);
                FloatVector s0 = w00.fma(v, start);
                v = FloatVector.fromArray(S, x, p + 1);
                s0 = w01.fma(v, s0);
                v = FloatVector.fromArray(S, x, p + 2);
                s0 = w02.fma(v, s0);
                p += pitch;
                v = FloatVector.fromArray(S, x, p);
                s0 = w10.fma(v, s0);
                FloatVector s1 = w00.fma(v, start);
                v = FloatVector.fromArray(S, x, p + 1);
                s0 = w11.fma(v, s0);
                s1 = w01.fma(v, s1);
                v = FloatVector.fromArray(S, x, p + 2);
                s0 = w12.fma(v, s0);
                s1 = w02.fma(v, s1);
                p += pitch;
                v = FloatVector.fromArray(S, x, p);
                s0 = w20.fma(v, s0);
                s1 = w10.fma(v, s1);
                v = FloatVector.fromArray(S, x, p + 1);
                s0 = w21.fma(v, s0);
                s1 = w11.fma(v, s1);
                v = FloatVector.fromArray(S, x, p + 2);
                s0 = w22.fma(v, s0);
                s1 = w12.fma(v, s1);
                p += pitch;
                s1 = w20.fma(FloatVector.fromArray(S, x, p), s1);
                s1 = w21.fma(FloatVector.fromArray(S, x, p + 1), s1);
                s1 = w22.fma(FloatVector.fromArray(S, x, p + 2), s1);
                s0.intoArray(y, to + j);
                s1.intoArray(y, to + yStep + j);
            }
        }
    }

    /// What [DepthwiseStrip#addProducts] does, for an even height and whole vectors of columns [0, width); rows of
    /// gradients are `gStep` apart.
    static void addProducts(
            float[] x, int xo, int pitch, float[] g, int go, int gStep, int height, int width, float[] lanes) {
        FloatVector s00 = FloatVector.fromArray(S, lanes, 0);
        FloatVector s01 = FloatVector.fromArray(S, lanes, L);
        FloatVector s02 = FloatVector.fromArray(S, lanes, 2 * L);
        FloatVector s10 = FloatVector.fromArray(S, lanes, 3 * L);
        FloatVector s11 = FloatVector.fromArray(S, lanes, 4 * L);
        FloatVector s12 = FloatVector.fromArray(S, lanes, 5 * L);
        FloatVector s20 = FloatVector.fromArray(S, lanes, 6 * L);
        FloatVector s21 = FloatVector.fromArray(S, lanes, 7 * L);
        FloatVector s22 = FloatVector.fromArray(S, lanes, 8 * L);
        for (int i = 0; i < height; i += 2) {
            int from = xo + i * pitch;
            int at = go + i * gStep;
            for (int j = 0; j < width; j += L) {
                int p = from + j;
                FloatVector g0 = FloatVector.fromArray(S, g, at + j);
                FloatVector g1 = FloatVector.fromArray(S, g, at + gStep + j);
                s00 = g0.fma(FloatVector.fromArray(S, x, p), s00);
                s01 = g0.fma(FloatVector.fromArray(S, x, p + 1), s01);
                s02 = g0.fma(FloatVector.fromArray(S, x, p + 2), s02);
                p += pitch;
                FloatVector v = FloatVector.fromArray(S, x, p);
                s10 = g0.fma(v, s10);
                s00 = g1.fma(v, s00);
                v = FloatVector.fromArray(S, x, p + 1);
                s11 = g0.fma(v, s11);
                s01 = g1.fma(v, s01);
                v = FloatVector.fromArray(S, x, p + 2);
                s12 = g0.fma(v, s12);
                s02 = g1.fma(v, s02);
                p += pitch;
                v = FloatVector.fromArray(S, x, p);
                s20 = g0.fma(v, s20);
                s10 = g1.fma(v, s10);
                v = FloatVector.fromArray(S, x, p + 1);
                s21 = g0.fma(v, s21);
                s11 = g1.fma(v, s11);
                v = FloatVector.fromArray(S, x, p + 2);
                s22 = g0.fma(v, s22);
                s12 = g1.fma(v, s12);
                p += pitch;
                s20 = g1.fma(FloatVector.fromArray(S, x, p), s20);
                s21 = g1.fma(FloatVector.fromArray(S, x, p + 1), s21);
                s22 = g1.fma(FloatVector.fromArray(S, x, p + 2), s22);
            }
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
