package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [PixelConv]: some pixels, each broadcast channel by channel, times a panel of filters in
/// lanes.
///
/// ```
///   t[i, f] += sum over p < length of x[rows[i] + shift + p] * panel[p, f]
/// ```
///
/// Each sum goes on from what the tile holds, one chain of fused multiply-adds. With one zero for all to start from,
/// with
/// ten rows or with a loop around the loop, C2 keeps some sums on the stack and the tile takes twice as long.
final class PixelKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final boolean MANY_REGISTERS = GemmKernel.MR == 8;

    /// Pixels of a tile of two vectors of filters.
    static final int WIDE_ROWS = GemmKernel.MR;
    /// Pixels of a tile of one vector of filters.
    static final int NARROW_ROWS = 8;
    /// Room for all row starts.
    static final int ROWS = 8;

    private PixelKernel() {}

    /// Adds the products of [#WIDE_ROWS] pixels and 2 L filters, or of [#NARROW_ROWS] and L, to `t[to ...]`, row after
    /// row.
    static void tile(boolean wide, float[] x, int[] rows, int shift, int length, float[] w, int wo, float[] t, int to) {
        if (!wide) {
            narrow8(x, rows, shift, length, w, wo, t, to);
        } else if (MANY_REGISTERS) {
            tile8(x, rows, shift, length, w, wo, t, to);
        } else {
            tile4(x, rows, shift, length, w, wo, t, to);
        }
    }

    /// Eight pixels by two vectors.
    private static void tile8(float[] x, int[] rows, int shift, int length, float[] w, int wo, float[] t, int to) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        int a4 = rows[4] + shift;
        int a5 = rows[5] + shift;
        int a6 = rows[6] + shift;
        int a7 = rows[7] + shift;
        FloatVector s00 = FloatVector.fromArray(S, t, to);
        FloatVector s01 = FloatVector.fromArray(S, t, to + L);
        FloatVector s10 = FloatVector.fromArray(S, t, to + 2 * L);
        FloatVector s11 = FloatVector.fromArray(S, t, to + 3 * L);
        FloatVector s20 = FloatVector.fromArray(S, t, to + 4 * L);
        FloatVector s21 = FloatVector.fromArray(S, t, to + 5 * L);
        FloatVector s30 = FloatVector.fromArray(S, t, to + 6 * L);
        FloatVector s31 = FloatVector.fromArray(S, t, to + 7 * L);
        FloatVector s40 = FloatVector.fromArray(S, t, to + 8 * L);
        FloatVector s41 = FloatVector.fromArray(S, t, to + 9 * L);
        FloatVector s50 = FloatVector.fromArray(S, t, to + 10 * L);
        FloatVector s51 = FloatVector.fromArray(S, t, to + 11 * L);
        FloatVector s60 = FloatVector.fromArray(S, t, to + 12 * L);
        FloatVector s61 = FloatVector.fromArray(S, t, to + 13 * L);
        FloatVector s70 = FloatVector.fromArray(S, t, to + 14 * L);
        FloatVector s71 = FloatVector.fromArray(S, t, to + 15 * L);
        int q = wo;
        for (int p = 0; p < length; p++) {
            FloatVector b0 = FloatVector.fromArray(S, w, q);
            FloatVector b1 = FloatVector.fromArray(S, w, q + L);
            FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            FloatVector v4 = FloatVector.broadcast(S, x[a4 + p]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            FloatVector v5 = FloatVector.broadcast(S, x[a5 + p]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            FloatVector v6 = FloatVector.broadcast(S, x[a6 + p]);
            s60 = v6.fma(b0, s60);
            s61 = v6.fma(b1, s61);
            FloatVector v7 = FloatVector.broadcast(S, x[a7 + p]);
            s70 = v7.fma(b0, s70);
            s71 = v7.fma(b1, s71);
            q += 2 * L;
        }
        s00.intoArray(t, to);
        s01.intoArray(t, to + L);
        s10.intoArray(t, to + 2 * L);
        s11.intoArray(t, to + 3 * L);
        s20.intoArray(t, to + 4 * L);
        s21.intoArray(t, to + 5 * L);
        s30.intoArray(t, to + 6 * L);
        s31.intoArray(t, to + 7 * L);
        s40.intoArray(t, to + 8 * L);
        s41.intoArray(t, to + 9 * L);
        s50.intoArray(t, to + 10 * L);
        s51.intoArray(t, to + 11 * L);
        s60.intoArray(t, to + 12 * L);
        s61.intoArray(t, to + 13 * L);
        s70.intoArray(t, to + 14 * L);
        s71.intoArray(t, to + 15 * L);
    }

    /// Four pixels by two vectors.
    private static void tile4(float[] x, int[] rows, int shift, int length, float[] w, int wo, float[] t, int to) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        FloatVector s00 = FloatVector.fromArray(S, t, to);
        FloatVector s01 = FloatVector.fromArray(S, t, to + L);
        FloatVector s10 = FloatVector.fromArray(S, t, to + 2 * L);
        FloatVector s11 = FloatVector.fromArray(S, t, to + 3 * L);
        FloatVector s20 = FloatVector.fromArray(S, t, to + 4 * L);
        FloatVector s21 = FloatVector.fromArray(S, t, to + 5 * L);
        FloatVector s30 = FloatVector.fromArray(S, t, to + 6 * L);
        FloatVector s31 = FloatVector.fromArray(S, t, to + 7 * L);
        int q = wo;
        for (int p = 0; p < length; p++) {
            FloatVector b0 = FloatVector.fromArray(S, w, q);
            FloatVector b1 = FloatVector.fromArray(S, w, q + L);
            FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            q += 2 * L;
        }
        s00.intoArray(t, to);
        s01.intoArray(t, to + L);
        s10.intoArray(t, to + 2 * L);
        s11.intoArray(t, to + 3 * L);
        s20.intoArray(t, to + 4 * L);
        s21.intoArray(t, to + 5 * L);
        s30.intoArray(t, to + 6 * L);
        s31.intoArray(t, to + 7 * L);
    }

    /// Eight pixels by one vector.
    private static void narrow8(float[] x, int[] rows, int shift, int length, float[] w, int wo, float[] t, int to) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        int a4 = rows[4] + shift;
        int a5 = rows[5] + shift;
        int a6 = rows[6] + shift;
        int a7 = rows[7] + shift;
        FloatVector s0 = FloatVector.fromArray(S, t, to);
        FloatVector s1 = FloatVector.fromArray(S, t, to + L);
        FloatVector s2 = FloatVector.fromArray(S, t, to + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, t, to + 3 * L);
        FloatVector s4 = FloatVector.fromArray(S, t, to + 4 * L);
        FloatVector s5 = FloatVector.fromArray(S, t, to + 5 * L);
        FloatVector s6 = FloatVector.fromArray(S, t, to + 6 * L);
        FloatVector s7 = FloatVector.fromArray(S, t, to + 7 * L);
        int q = wo;
        for (int p = 0; p < length; p++) {
            FloatVector b0 = FloatVector.fromArray(S, w, q);
            FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, x[a4 + p]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, x[a5 + p]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, x[a6 + p]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, x[a7 + p]);
            s7 = v7.fma(b0, s7);
            q += L;
        }
        s0.intoArray(t, to);
        s1.intoArray(t, to + L);
        s2.intoArray(t, to + 2 * L);
        s3.intoArray(t, to + 3 * L);
        s4.intoArray(t, to + 4 * L);
        s5.intoArray(t, to + 5 * L);
        s6.intoArray(t, to + 6 * L);
        s7.intoArray(t, to + 7 * L);
    }
}
