package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [PixelConv]: some pixels, each broadcast channel by channel, times a panel of filters in
/// lanes.
///
/// ```
///   t[i, j] = f[i, j] + sum over p < n of x[at[i] + p] * panel[p, j]
/// ```
///
/// Each sum goes on from a row of F, which is T itself or, with `fs` 0, one row of zeros for all: one
/// chain of fused multiply-adds. With one zero for all to start from, with ten rows or with a loop around
/// the loop, C2 keeps some sums on the stack and the tile takes twice as long.
final class PixelKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final boolean MANY_REGISTERS = GemmKernel.ROWS == 8;

    /// Vectors of filters of the widest tile.
    static final int VECTORS = MANY_REGISTERS ? 4 : 2;
    /// Pixels of the highest tile.
    static final int ROWS = 8;

    private PixelKernel() {}

    /// Pixels of a tile of four, two or one vectors of filters.
    static int rows(int vectors) {
        return vectors == 4 ? 6 : vectors == 2 ? GemmKernel.MR : ROWS;
    }

    /// Writes F plus the products of [#rows] pixels and `vectors * L` filters to T, whose rows are `ts` floats apart.
    /// With 16 registers places are [FencedKernel#PITCH] floats apart.
    static void tile(
            int vectors,
            float[] x,
            int[] at,
            int n,
            float[] w,
            int wo,
            float[] f,
            int fo,
            int fs,
            float[] t,
            int to,
            int ts) {
        if (vectors == 4) {
            tile6(x, at, n, w, wo, f, fo, fs, t, to, ts);
        } else if (vectors == 1) {
            narrow8(x, at, n, w, wo, f, fo, fs, t, to, ts);
        } else if (MANY_REGISTERS) {
            tile8(x, at, n, w, wo, f, fo, fs, t, to, ts);
        } else if (FencedKernel.AVAILABLE) {
            FencedKernel.tile(FencedKernel.MR, 2 * L, n, x, at[0], w, wo, f, fo, fs, t, to, ts);
        } else {
            tile4(x, at, n, w, wo, f, fo, fs, t, to, ts);
        }
    }

    /// Six pixels by four vectors.
    private static void tile6(
            float[] x, int[] at, int n, float[] w, int wo, float[] f, int fo, int fs, float[] t, int to, int ts) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        int a4 = at[4];
        int a5 = at[5];
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s02 = FloatVector.fromArray(S, f, fo + 2 * L);
        FloatVector s03 = FloatVector.fromArray(S, f, fo + 3 * L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s12 = FloatVector.fromArray(S, f, fo + fs + 2 * L);
        FloatVector s13 = FloatVector.fromArray(S, f, fo + fs + 3 * L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s22 = FloatVector.fromArray(S, f, fo + 2 * fs + 2 * L);
        FloatVector s23 = FloatVector.fromArray(S, f, fo + 2 * fs + 3 * L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        FloatVector s32 = FloatVector.fromArray(S, f, fo + 3 * fs + 2 * L);
        FloatVector s33 = FloatVector.fromArray(S, f, fo + 3 * fs + 3 * L);
        FloatVector s40 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s41 = FloatVector.fromArray(S, f, fo + 4 * fs + L);
        FloatVector s42 = FloatVector.fromArray(S, f, fo + 4 * fs + 2 * L);
        FloatVector s43 = FloatVector.fromArray(S, f, fo + 4 * fs + 3 * L);
        FloatVector s50 = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s51 = FloatVector.fromArray(S, f, fo + 5 * fs + L);
        FloatVector s52 = FloatVector.fromArray(S, f, fo + 5 * fs + 2 * L);
        FloatVector s53 = FloatVector.fromArray(S, f, fo + 5 * fs + 3 * L);
        int q = wo;
        for (int p = 0; p < n; p++) {
            FloatVector b0 = FloatVector.fromArray(S, w, q);
            FloatVector b1 = FloatVector.fromArray(S, w, q + L);
            FloatVector b2 = FloatVector.fromArray(S, w, q + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, w, q + 3 * L);
            FloatVector v0 = FloatVector.broadcast(S, x[a0 + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            s02 = v0.fma(b2, s02);
            s03 = v0.fma(b3, s03);
            FloatVector v1 = FloatVector.broadcast(S, x[a1 + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            s12 = v1.fma(b2, s12);
            s13 = v1.fma(b3, s13);
            FloatVector v2 = FloatVector.broadcast(S, x[a2 + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            s22 = v2.fma(b2, s22);
            s23 = v2.fma(b3, s23);
            FloatVector v3 = FloatVector.broadcast(S, x[a3 + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            s32 = v3.fma(b2, s32);
            s33 = v3.fma(b3, s33);
            FloatVector v4 = FloatVector.broadcast(S, x[a4 + p]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            s42 = v4.fma(b2, s42);
            s43 = v4.fma(b3, s43);
            FloatVector v5 = FloatVector.broadcast(S, x[a5 + p]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            s52 = v5.fma(b2, s52);
            s53 = v5.fma(b3, s53);
            q += 4 * L;
        }
        s00.intoArray(t, to);
        s01.intoArray(t, to + L);
        s02.intoArray(t, to + 2 * L);
        s03.intoArray(t, to + 3 * L);
        s10.intoArray(t, to + ts);
        s11.intoArray(t, to + ts + L);
        s12.intoArray(t, to + ts + 2 * L);
        s13.intoArray(t, to + ts + 3 * L);
        s20.intoArray(t, to + 2 * ts);
        s21.intoArray(t, to + 2 * ts + L);
        s22.intoArray(t, to + 2 * ts + 2 * L);
        s23.intoArray(t, to + 2 * ts + 3 * L);
        s30.intoArray(t, to + 3 * ts);
        s31.intoArray(t, to + 3 * ts + L);
        s32.intoArray(t, to + 3 * ts + 2 * L);
        s33.intoArray(t, to + 3 * ts + 3 * L);
        s40.intoArray(t, to + 4 * ts);
        s41.intoArray(t, to + 4 * ts + L);
        s42.intoArray(t, to + 4 * ts + 2 * L);
        s43.intoArray(t, to + 4 * ts + 3 * L);
        s50.intoArray(t, to + 5 * ts);
        s51.intoArray(t, to + 5 * ts + L);
        s52.intoArray(t, to + 5 * ts + 2 * L);
        s53.intoArray(t, to + 5 * ts + 3 * L);
    }

    /// Eight pixels by two vectors.
    private static void tile8(
            float[] x, int[] at, int n, float[] w, int wo, float[] f, int fo, int fs, float[] t, int to, int ts) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        int a4 = at[4];
        int a5 = at[5];
        int a6 = at[6];
        int a7 = at[7];
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        FloatVector s40 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s41 = FloatVector.fromArray(S, f, fo + 4 * fs + L);
        FloatVector s50 = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s51 = FloatVector.fromArray(S, f, fo + 5 * fs + L);
        FloatVector s60 = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s61 = FloatVector.fromArray(S, f, fo + 6 * fs + L);
        FloatVector s70 = FloatVector.fromArray(S, f, fo + 7 * fs);
        FloatVector s71 = FloatVector.fromArray(S, f, fo + 7 * fs + L);
        int q = wo;
        for (int p = 0; p < n; p++) {
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
        s10.intoArray(t, to + ts);
        s11.intoArray(t, to + ts + L);
        s20.intoArray(t, to + 2 * ts);
        s21.intoArray(t, to + 2 * ts + L);
        s30.intoArray(t, to + 3 * ts);
        s31.intoArray(t, to + 3 * ts + L);
        s40.intoArray(t, to + 4 * ts);
        s41.intoArray(t, to + 4 * ts + L);
        s50.intoArray(t, to + 5 * ts);
        s51.intoArray(t, to + 5 * ts + L);
        s60.intoArray(t, to + 6 * ts);
        s61.intoArray(t, to + 6 * ts + L);
        s70.intoArray(t, to + 7 * ts);
        s71.intoArray(t, to + 7 * ts + L);
    }

    /// Four pixels by two vectors.
    private static void tile4(
            float[] x, int[] at, int n, float[] w, int wo, float[] f, int fo, int fs, float[] t, int to, int ts) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        int q = wo;
        for (int p = 0; p < n; p++) {
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
        s10.intoArray(t, to + ts);
        s11.intoArray(t, to + ts + L);
        s20.intoArray(t, to + 2 * ts);
        s21.intoArray(t, to + 2 * ts + L);
        s30.intoArray(t, to + 3 * ts);
        s31.intoArray(t, to + 3 * ts + L);
    }

    /// Eight pixels by one vector.
    private static void narrow8(
            float[] x, int[] at, int n, float[] w, int wo, float[] f, int fo, int fs, float[] t, int to, int ts) {
        int a0 = at[0];
        int a1 = at[1];
        int a2 = at[2];
        int a3 = at[3];
        int a4 = at[4];
        int a5 = at[5];
        int a6 = at[6];
        int a7 = at[7];
        FloatVector s0 = FloatVector.fromArray(S, f, fo);
        FloatVector s1 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s2 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s3 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s4 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s5 = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s6 = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s7 = FloatVector.fromArray(S, f, fo + 7 * fs);
        int q = wo;
        for (int p = 0; p < n; p++) {
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
        s1.intoArray(t, to + ts);
        s2.intoArray(t, to + 2 * ts);
        s3.intoArray(t, to + 3 * ts);
        s4.intoArray(t, to + 4 * ts);
        s5.intoArray(t, to + 5 * ts);
        s6.intoArray(t, to + 6 * ts);
        s7.intoArray(t, to + 7 * ts);
    }
}
