package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What [DepthwiseStrip#filter] does, with the same bits, for processors with 16 vector registers: two rows of outputs
/// at a time, along the rows.
///
/// ```
///   source rows r, r + 1, r + 2, r + 3      three shifted loads each
///   outputs of row r:     kernel rows 0, 1, 2 on source rows r to r + 2
///   outputs of row r + 1:                      on source rows r + 1 to r + 3
/// ```
///
/// Nine weights and two sums fit the registers; a strip that walks downwards needs 16 and keeps some on the stack.
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
}
