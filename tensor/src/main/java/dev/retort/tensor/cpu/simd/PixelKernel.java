package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [PixelConv]: some pixels, each broadcast channel by channel, times a panel of filters in
/// lanes.
///
/// ```
///   sums[i, f] = sum over runs r, p < length of x[rows[i] + shift + runs[r] + p] * panel[(r * length + p), f]
/// ```
///
/// Each sum is one chain of fused multiply-adds upwards from zero. Sums leave for a scratch tile, from where
/// [PixelRows] takes them: with bias, shortcut and ReLU in here too, C2 would not inline every vector operation.
final class PixelKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final boolean MANY_REGISTERS = GemmKernel.MR == 8;

    /// Pixels of a tile of two vectors of filters: 49 and 196 pixels leave one row in fifty of ten idle.
    static final int WIDE_ROWS = MANY_REGISTERS ? 10 : 4;
    /// Pixels of a tile of one vector of filters.
    static final int NARROW_ROWS = 8;
    /// Room for all row starts.
    static final int ROWS = Math.max(WIDE_ROWS, NARROW_ROWS);

    private PixelKernel() {}

    /// The sums of [#WIDE_ROWS] pixels and 2 L filters, or of [#NARROW_ROWS] and L, into `t`, row after row.
    static void tile(
            boolean wide, float[] x, int[] rows, int shift, int[] runs, int length, float[] w, int wo, float[] t) {
        if (!wide) {
            narrow8(x, rows, shift, runs, length, w, wo, t);
        } else if (MANY_REGISTERS) {
            tile10(x, rows, shift, runs, length, w, wo, t);
        } else {
            tile4(x, rows, shift, runs, length, w, wo, t);
        }
    }

    /// Ten pixels by two vectors.
    private static void tile10(float[] x, int[] rows, int shift, int[] runs, int length, float[] w, int wo, float[] t) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        int a4 = rows[4] + shift;
        int a5 = rows[5] + shift;
        int a6 = rows[6] + shift;
        int a7 = rows[7] + shift;
        int a8 = rows[8] + shift;
        int a9 = rows[9] + shift;
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        FloatVector s40 = zero;
        FloatVector s41 = zero;
        FloatVector s50 = zero;
        FloatVector s51 = zero;
        FloatVector s60 = zero;
        FloatVector s61 = zero;
        FloatVector s70 = zero;
        FloatVector s71 = zero;
        FloatVector s80 = zero;
        FloatVector s81 = zero;
        FloatVector s90 = zero;
        FloatVector s91 = zero;
        int q = wo;
        for (int run : runs) {
            for (int p = run; p < run + length; p++) {
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
                FloatVector v8 = FloatVector.broadcast(S, x[a8 + p]);
                s80 = v8.fma(b0, s80);
                s81 = v8.fma(b1, s81);
                FloatVector v9 = FloatVector.broadcast(S, x[a9 + p]);
                s90 = v9.fma(b0, s90);
                s91 = v9.fma(b1, s91);
                q += 2 * L;
            }
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s10.intoArray(t, 2 * L);
        s11.intoArray(t, 3 * L);
        s20.intoArray(t, 4 * L);
        s21.intoArray(t, 5 * L);
        s30.intoArray(t, 6 * L);
        s31.intoArray(t, 7 * L);
        s40.intoArray(t, 8 * L);
        s41.intoArray(t, 9 * L);
        s50.intoArray(t, 10 * L);
        s51.intoArray(t, 11 * L);
        s60.intoArray(t, 12 * L);
        s61.intoArray(t, 13 * L);
        s70.intoArray(t, 14 * L);
        s71.intoArray(t, 15 * L);
        s80.intoArray(t, 16 * L);
        s81.intoArray(t, 17 * L);
        s90.intoArray(t, 18 * L);
        s91.intoArray(t, 19 * L);
    }

    /// Four pixels by two vectors.
    private static void tile4(float[] x, int[] rows, int shift, int[] runs, int length, float[] w, int wo, float[] t) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero;
        FloatVector s01 = zero;
        FloatVector s10 = zero;
        FloatVector s11 = zero;
        FloatVector s20 = zero;
        FloatVector s21 = zero;
        FloatVector s30 = zero;
        FloatVector s31 = zero;
        int q = wo;
        for (int run : runs) {
            for (int p = run; p < run + length; p++) {
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
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s10.intoArray(t, 2 * L);
        s11.intoArray(t, 3 * L);
        s20.intoArray(t, 4 * L);
        s21.intoArray(t, 5 * L);
        s30.intoArray(t, 6 * L);
        s31.intoArray(t, 7 * L);
    }

    /// Eight pixels by one vector.
    private static void narrow8(
            float[] x, int[] rows, int shift, int[] runs, int length, float[] w, int wo, float[] t) {
        int a0 = rows[0] + shift;
        int a1 = rows[1] + shift;
        int a2 = rows[2] + shift;
        int a3 = rows[3] + shift;
        int a4 = rows[4] + shift;
        int a5 = rows[5] + shift;
        int a6 = rows[6] + shift;
        int a7 = rows[7] + shift;
        FloatVector zero = FloatVector.zero(S);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        FloatVector s4 = zero;
        FloatVector s5 = zero;
        FloatVector s6 = zero;
        FloatVector s7 = zero;
        int q = wo;
        for (int run : runs) {
            for (int p = run; p < run + length; p++) {
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
        }
        s0.intoArray(t, 0);
        s1.intoArray(t, L);
        s2.intoArray(t, 2 * L);
        s3.intoArray(t, 3 * L);
        s4.intoArray(t, 4 * L);
        s5.intoArray(t, 5 * L);
        s6.intoArray(t, 6 * L);
        s7.intoArray(t, 7 * L);
    }
}
