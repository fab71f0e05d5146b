package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The forward product of [Winograd], on tiles that lie as the transform left them:
/// `M[tiles x width] = V[tiles x depth] U[depth x width]`.
///
/// Widths are multiples of [#PAD], tiles as [#paddedTiles] says. Each element is one chain of fused
/// multiply-adds over the summed index upwards, whatever the blocking.
public final class WinogradProduct {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int MR = GemmKernel.ROWS;
    private static final int NR = GemmKernel.NR;
    /// Whether tiles are of four rows.
    static final boolean FOURS = MR == 4;
    /// Channels, filters and tiles are padded to multiples of this.
    public static final int PAD = Math.max(L, 2 * MR);

    private WinogradProduct() {}

    static int padded(int count) {
        return (count + PAD - 1) / PAD * PAD;
    }

    /// Rows to compute for `tiles` tiles: whole register tiles of a product of `width` columns.
    public static int paddedTiles(int tiles, int width) {
        int rows = width % NR == 0 ? MR : 2 * MR;
        return (tiles + rows - 1) / rows * rows;
    }

    /// Columns of the panel of `width` padded columns that starts at column j.
    static int panel(int j, int width) {
        return Math.min(NR, width - j);
    }

    /// The product; U is packed in panels of NR columns, the last perhaps of L.
    public static void run(
            int tiles, int depth, int width, float[] v, int vo, int ldv, float[] u, int uo, float[] m, int mo) {
        for (int j = 0; j < width; j += NR) {
            boolean wide = width - j >= NR;
            for (int i = 0; i < tiles; i += wide ? MR : 2 * MR) {
                tile(wide, depth, v, vo + i * ldv, ldv, u, uo + j * depth, m, mo + i * width + j, width);
            }
        }
    }

    private static void tile(
            boolean wide, int depth, float[] v, int vo, int ldv, float[] u, int uo, float[] m, int mo, int ldm) {
        if (wide) {
            if (MR == 8) {
                tile8(depth, v, vo, ldv, u, uo, m, mo, ldm);
            } else {
                tile4(depth, v, vo, ldv, u, uo, m, mo, ldm);
            }
        } else if (MR == 8) {
            tile16(depth, v, vo, ldv, u, uo, m, mo, ldm);
        } else {
            narrow8(depth, v, vo, ldv, u, uo, m, mo, ldm);
        }
    }

    /// Eight tiles by two vectors of filters.
    private static void tile8(int depth, float[] v, int a0, int ldv, float[] u, int uo, float[] m, int mo, int ldm) {
        int a1 = a0 + ldv;
        int a2 = a1 + ldv;
        int a3 = a2 + ldv;
        int a4 = a3 + ldv;
        int a5 = a4 + ldv;
        int a6 = a5 + ldv;
        int a7 = a6 + ldv;
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s20 = FloatVector.zero(S);
        FloatVector s21 = FloatVector.zero(S);
        FloatVector s30 = FloatVector.zero(S);
        FloatVector s31 = FloatVector.zero(S);
        FloatVector s40 = FloatVector.zero(S);
        FloatVector s41 = FloatVector.zero(S);
        FloatVector s50 = FloatVector.zero(S);
        FloatVector s51 = FloatVector.zero(S);
        FloatVector s60 = FloatVector.zero(S);
        FloatVector s61 = FloatVector.zero(S);
        FloatVector s70 = FloatVector.zero(S);
        FloatVector s71 = FloatVector.zero(S);
        for (int p = 0, q = uo; p < depth; p++, q += 2 * L) {
            FloatVector b0 = FloatVector.fromArray(S, u, q);
            FloatVector b1 = FloatVector.fromArray(S, u, q + L);
            FloatVector v0 = FloatVector.broadcast(S, v[a0 + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, v[a1 + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, v[a2 + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, v[a3 + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            FloatVector v4 = FloatVector.broadcast(S, v[a4 + p]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            FloatVector v5 = FloatVector.broadcast(S, v[a5 + p]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            FloatVector v6 = FloatVector.broadcast(S, v[a6 + p]);
            s60 = v6.fma(b0, s60);
            s61 = v6.fma(b1, s61);
            FloatVector v7 = FloatVector.broadcast(S, v[a7 + p]);
            s70 = v7.fma(b0, s70);
            s71 = v7.fma(b1, s71);
        }
        s00.intoArray(m, mo);
        s01.intoArray(m, mo + L);
        s10.intoArray(m, mo + ldm);
        s11.intoArray(m, mo + ldm + L);
        s20.intoArray(m, mo + 2 * ldm);
        s21.intoArray(m, mo + 2 * ldm + L);
        s30.intoArray(m, mo + 3 * ldm);
        s31.intoArray(m, mo + 3 * ldm + L);
        s40.intoArray(m, mo + 4 * ldm);
        s41.intoArray(m, mo + 4 * ldm + L);
        s50.intoArray(m, mo + 5 * ldm);
        s51.intoArray(m, mo + 5 * ldm + L);
        s60.intoArray(m, mo + 6 * ldm);
        s61.intoArray(m, mo + 6 * ldm + L);
        s70.intoArray(m, mo + 7 * ldm);
        s71.intoArray(m, mo + 7 * ldm + L);
    }

    /// Four tiles by two vectors.
    private static void tile4(int depth, float[] v, int a0, int ldv, float[] u, int uo, float[] m, int mo, int ldm) {
        int a1 = a0 + ldv;
        int a2 = a1 + ldv;
        int a3 = a2 + ldv;
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s20 = FloatVector.zero(S);
        FloatVector s21 = FloatVector.zero(S);
        FloatVector s30 = FloatVector.zero(S);
        FloatVector s31 = FloatVector.zero(S);
        for (int p = 0, q = uo; p < depth; p++, q += 2 * L) {
            FloatVector b0 = FloatVector.fromArray(S, u, q);
            FloatVector b1 = FloatVector.fromArray(S, u, q + L);
            FloatVector v0 = FloatVector.broadcast(S, v[a0 + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, v[a1 + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, v[a2 + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, v[a3 + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
        }
        s00.intoArray(m, mo);
        s01.intoArray(m, mo + L);
        s10.intoArray(m, mo + ldm);
        s11.intoArray(m, mo + ldm + L);
        s20.intoArray(m, mo + 2 * ldm);
        s21.intoArray(m, mo + 2 * ldm + L);
        s30.intoArray(m, mo + 3 * ldm);
        s31.intoArray(m, mo + 3 * ldm + L);
    }

    /// Sixteen tiles by one vector.
    private static void tile16(int depth, float[] v, int a0, int ldv, float[] u, int uo, float[] m, int mo, int ldm) {
        int a1 = a0 + ldv;
        int a2 = a1 + ldv;
        int a3 = a2 + ldv;
        int a4 = a3 + ldv;
        int a5 = a4 + ldv;
        int a6 = a5 + ldv;
        int a7 = a6 + ldv;
        int a8 = a7 + ldv;
        int a9 = a8 + ldv;
        int a10 = a9 + ldv;
        int a11 = a10 + ldv;
        int a12 = a11 + ldv;
        int a13 = a12 + ldv;
        int a14 = a13 + ldv;
        int a15 = a14 + ldv;
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        FloatVector s3 = FloatVector.zero(S);
        FloatVector s4 = FloatVector.zero(S);
        FloatVector s5 = FloatVector.zero(S);
        FloatVector s6 = FloatVector.zero(S);
        FloatVector s7 = FloatVector.zero(S);
        FloatVector s8 = FloatVector.zero(S);
        FloatVector s9 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s12 = FloatVector.zero(S);
        FloatVector s13 = FloatVector.zero(S);
        FloatVector s14 = FloatVector.zero(S);
        FloatVector s15 = FloatVector.zero(S);
        for (int p = 0, q = uo; p < depth; p++, q += L) {
            FloatVector b0 = FloatVector.fromArray(S, u, q);
            FloatVector v0 = FloatVector.broadcast(S, v[a0 + p]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, v[a1 + p]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, v[a2 + p]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, v[a3 + p]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, v[a4 + p]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, v[a5 + p]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, v[a6 + p]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, v[a7 + p]);
            s7 = v7.fma(b0, s7);
            FloatVector v8 = FloatVector.broadcast(S, v[a8 + p]);
            s8 = v8.fma(b0, s8);
            FloatVector v9 = FloatVector.broadcast(S, v[a9 + p]);
            s9 = v9.fma(b0, s9);
            FloatVector v10 = FloatVector.broadcast(S, v[a10 + p]);
            s10 = v10.fma(b0, s10);
            FloatVector v11 = FloatVector.broadcast(S, v[a11 + p]);
            s11 = v11.fma(b0, s11);
            FloatVector v12 = FloatVector.broadcast(S, v[a12 + p]);
            s12 = v12.fma(b0, s12);
            FloatVector v13 = FloatVector.broadcast(S, v[a13 + p]);
            s13 = v13.fma(b0, s13);
            FloatVector v14 = FloatVector.broadcast(S, v[a14 + p]);
            s14 = v14.fma(b0, s14);
            FloatVector v15 = FloatVector.broadcast(S, v[a15 + p]);
            s15 = v15.fma(b0, s15);
        }
        s0.intoArray(m, mo);
        s1.intoArray(m, mo + ldm);
        s2.intoArray(m, mo + 2 * ldm);
        s3.intoArray(m, mo + 3 * ldm);
        s4.intoArray(m, mo + 4 * ldm);
        s5.intoArray(m, mo + 5 * ldm);
        s6.intoArray(m, mo + 6 * ldm);
        s7.intoArray(m, mo + 7 * ldm);
        s8.intoArray(m, mo + 8 * ldm);
        s9.intoArray(m, mo + 9 * ldm);
        s10.intoArray(m, mo + 10 * ldm);
        s11.intoArray(m, mo + 11 * ldm);
        s12.intoArray(m, mo + 12 * ldm);
        s13.intoArray(m, mo + 13 * ldm);
        s14.intoArray(m, mo + 14 * ldm);
        s15.intoArray(m, mo + 15 * ldm);
    }

    /// Eight tiles by one vector.
    private static void narrow8(int depth, float[] v, int a0, int ldv, float[] u, int uo, float[] m, int mo, int ldm) {
        int a1 = a0 + ldv;
        int a2 = a1 + ldv;
        int a3 = a2 + ldv;
        int a4 = a3 + ldv;
        int a5 = a4 + ldv;
        int a6 = a5 + ldv;
        int a7 = a6 + ldv;
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        FloatVector s3 = FloatVector.zero(S);
        FloatVector s4 = FloatVector.zero(S);
        FloatVector s5 = FloatVector.zero(S);
        FloatVector s6 = FloatVector.zero(S);
        FloatVector s7 = FloatVector.zero(S);
        for (int p = 0, q = uo; p < depth; p++, q += L) {
            FloatVector b0 = FloatVector.fromArray(S, u, q);
            FloatVector v0 = FloatVector.broadcast(S, v[a0 + p]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, v[a1 + p]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, v[a2 + p]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, v[a3 + p]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, v[a4 + p]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, v[a5 + p]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, v[a6 + p]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, v[a7 + p]);
            s7 = v7.fma(b0, s7);
        }
        s0.intoArray(m, mo);
        s1.intoArray(m, mo + ldm);
        s2.intoArray(m, mo + 2 * ldm);
        s3.intoArray(m, mo + 3 * ldm);
        s4.intoArray(m, mo + 4 * ldm);
        s5.intoArray(m, mo + 5 * ldm);
        s6.intoArray(m, mo + 6 * ldm);
        s7.intoArray(m, mo + 7 * ldm);
    }
}
