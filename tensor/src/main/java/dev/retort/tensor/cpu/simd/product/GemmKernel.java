package dev.retort.tensor.cpu.simd.product;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register-blocked heart of matrix products and convolutions: `C[MR x NR] += A-panel * B-panel`.
///
/// Each element of C is one chain `c = fma(a, b, c)` over the summed dimension in ascending order. The
/// chain starts from what C holds, so a product cut into several depth blocks has the same bits as one
/// that is not cut, whatever the vector width.
///
/// Shapes (measured: docs/design-notes.md): 8 rows by 2 vectors where there are 32 vector registers.
/// Where there are 16, 4 rows by 2 vectors, since the next larger shape spills and runs at half speed, or
/// 6 with fences and two steps a turn, as in [FencedKernel].
public final class GemmKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    /// Rows of tiles whose loads the compiler orders.
    public static final int ROWS = L >= 16 || System.getProperty("os.arch").equals("aarch64") ? 8 : 4;
    /// Rows of C in registers.
    public static final int MR = ROWS == 4 && FencedKernel.AVAILABLE ? FencedKernel.MR : ROWS;
    /// Columns of C in registers.
    public static final int NR = 2 * L;
    /// A row of zeros for products to start from; never written.
    public static final float[] ZEROS = new float[2048];

    private GemmKernel() {}

    /// Adds the product of two packed panels of `depth` steps to a full tile of C.
    public static void tile(int depth, float[] a, int ap, float[] b, int bp, float[] c, int cp, int ldc) {
        tile(depth, a, ap, b, bp, c, cp, ldc, c, cp, ldc);
    }

    /// Writes the product of two packed panels of `depth` steps plus a tile of F to a full tile of C. F is C itself,
    /// or rows that spare reading C from memory: with `ldf` 0 one row for all, such as a bias or zeros.
    public static void tile(
            int depth, float[] a, int ap, float[] b, int bp, float[] f, int fp, int ldf, float[] c, int cp, int ldc) {
        if (MR == 8) {
            tile8(depth, a, ap, b, bp, f, fp, ldf, c, cp, ldc);
        } else if (MR == 6) {
            tile6(depth, a, ap, b, bp, f, fp, ldf, c, cp, ldc);
        } else {
            tile4(depth, a, ap, b, bp, f, fp, ldf, c, cp, ldc);
        }
    }

    private static void tile4(
            int depth, float[] a, int ap, float[] b, int bp, float[] f, int f0, int ldf, float[] c, int c0, int ldc) {
        int c1 = c0 + ldc;
        int c2 = c1 + ldc;
        int c3 = c2 + ldc;
        FloatVector s00 = FloatVector.fromArray(S, f, f0);
        FloatVector s01 = FloatVector.fromArray(S, f, f0 + L);
        FloatVector s10 = FloatVector.fromArray(S, f, f0 + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, f0 + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, f0 + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, f0 + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, f0 + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, f0 + 3 * ldf + L);
        int i = ap;
        int j = bp;
        for (int p = 0; p < depth; p++) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector a0 = FloatVector.broadcast(S, a[i]);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = FloatVector.broadcast(S, a[i + 1]);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = FloatVector.broadcast(S, a[i + 2]);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = FloatVector.broadcast(S, a[i + 3]);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            i += 4;
            j += 2 * L;
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + L);
        s10.intoArray(c, c1);
        s11.intoArray(c, c1 + L);
        s20.intoArray(c, c2);
        s21.intoArray(c, c2 + L);
        s30.intoArray(c, c3);
        s31.intoArray(c, c3 + L);
    }

    /// As the other, for four of the six rows of a panel; only where [#MR] is 6. With tiles of four and six rows any
    /// even number of rows from 4 on is whole tiles.
    public static void tileOf4(
            int depth, float[] a, int ap, float[] b, int bp, float[] f, int f0, int ldf, float[] c, int c0, int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, f0);
        FloatVector s01 = FloatVector.fromArray(S, f, f0 + L);
        FloatVector s10 = FloatVector.fromArray(S, f, f0 + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, f0 + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, f0 + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, f0 + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, f0 + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, f0 + 3 * ldf + L);
        int end = ap + depth * 6;
        int odd = depth & 1;
        if (odd != 0) {
            FloatVector b0 = FloatVector.fromArray(S, b, bp);
            FloatVector b1 = FloatVector.fromArray(S, b, bp + L);
            s00 = FloatVector.broadcast(S, a[ap]).fma(b0, s00);
            s01 = FloatVector.broadcast(S, a[ap]).fma(b1, s01);
            s10 = FloatVector.broadcast(S, a[ap + 1]).fma(b0, s10);
            s11 = FloatVector.broadcast(S, a[ap + 1]).fma(b1, s11);
            s20 = FloatVector.broadcast(S, a[ap + 2]).fma(b0, s20);
            s21 = FloatVector.broadcast(S, a[ap + 2]).fma(b1, s21);
            s30 = FloatVector.broadcast(S, a[ap + 3]).fma(b0, s30);
            s31 = FloatVector.broadcast(S, a[ap + 3]).fma(b1, s31);
        }
        for (int i = ap + 6 * odd, j = bp + 2 * L * odd; i < end; i += 12, j += 4 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector a0 = FloatVector.broadcast(S, a[i]);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            loadLoadFence();
            FloatVector a1 = FloatVector.broadcast(S, a[i + 1]);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            loadLoadFence();
            FloatVector a2 = FloatVector.broadcast(S, a[i + 2]);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            loadLoadFence();
            FloatVector a3 = FloatVector.broadcast(S, a[i + 3]);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            loadLoadFence();
            FloatVector d0 = FloatVector.fromArray(S, b, j + 2 * L);
            FloatVector d1 = FloatVector.fromArray(S, b, j + 3 * L);
            FloatVector e0 = FloatVector.broadcast(S, a[i + 6]);
            s00 = e0.fma(d0, s00);
            s01 = e0.fma(d1, s01);
            loadLoadFence();
            FloatVector e1 = FloatVector.broadcast(S, a[i + 7]);
            s10 = e1.fma(d0, s10);
            s11 = e1.fma(d1, s11);
            loadLoadFence();
            FloatVector e2 = FloatVector.broadcast(S, a[i + 8]);
            s20 = e2.fma(d0, s20);
            s21 = e2.fma(d1, s21);
            loadLoadFence();
            FloatVector e3 = FloatVector.broadcast(S, a[i + 9]);
            s30 = e3.fma(d0, s30);
            s31 = e3.fma(d1, s31);
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + L);
        s10.intoArray(c, c0 + ldc);
        s11.intoArray(c, c0 + ldc + L);
        s20.intoArray(c, c0 + 2 * ldc);
        s21.intoArray(c, c0 + 2 * ldc + L);
        s30.intoArray(c, c0 + 3 * ldc);
        s31.intoArray(c, c0 + 3 * ldc + L);
    }

    private static void tile6(
            int depth, float[] a, int ap, float[] b, int bp, float[] f, int f0, int ldf, float[] c, int c0, int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, f0);
        FloatVector s01 = FloatVector.fromArray(S, f, f0 + L);
        FloatVector s10 = FloatVector.fromArray(S, f, f0 + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, f0 + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, f0 + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, f0 + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, f0 + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, f0 + 3 * ldf + L);
        FloatVector s40 = FloatVector.fromArray(S, f, f0 + 4 * ldf);
        FloatVector s41 = FloatVector.fromArray(S, f, f0 + 4 * ldf + L);
        FloatVector s50 = FloatVector.fromArray(S, f, f0 + 5 * ldf);
        FloatVector s51 = FloatVector.fromArray(S, f, f0 + 5 * ldf + L);
        int end = ap + depth * 6;
        int odd = depth & 1;
        if (odd != 0) {
            FloatVector b0 = FloatVector.fromArray(S, b, bp);
            FloatVector b1 = FloatVector.fromArray(S, b, bp + L);
            s00 = FloatVector.broadcast(S, a[ap]).fma(b0, s00);
            s01 = FloatVector.broadcast(S, a[ap]).fma(b1, s01);
            s10 = FloatVector.broadcast(S, a[ap + 1]).fma(b0, s10);
            s11 = FloatVector.broadcast(S, a[ap + 1]).fma(b1, s11);
            s20 = FloatVector.broadcast(S, a[ap + 2]).fma(b0, s20);
            s21 = FloatVector.broadcast(S, a[ap + 2]).fma(b1, s21);
            s30 = FloatVector.broadcast(S, a[ap + 3]).fma(b0, s30);
            s31 = FloatVector.broadcast(S, a[ap + 3]).fma(b1, s31);
            s40 = FloatVector.broadcast(S, a[ap + 4]).fma(b0, s40);
            s41 = FloatVector.broadcast(S, a[ap + 4]).fma(b1, s41);
            s50 = FloatVector.broadcast(S, a[ap + 5]).fma(b0, s50);
            s51 = FloatVector.broadcast(S, a[ap + 5]).fma(b1, s51);
        }
        for (int i = ap + 6 * odd, j = bp + 2 * L * odd; i < end; i += 12, j += 4 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector a0 = FloatVector.broadcast(S, a[i]);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            loadLoadFence();
            FloatVector a1 = FloatVector.broadcast(S, a[i + 1]);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            loadLoadFence();
            FloatVector a2 = FloatVector.broadcast(S, a[i + 2]);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            loadLoadFence();
            FloatVector a3 = FloatVector.broadcast(S, a[i + 3]);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            loadLoadFence();
            FloatVector a4 = FloatVector.broadcast(S, a[i + 4]);
            s40 = a4.fma(b0, s40);
            s41 = a4.fma(b1, s41);
            loadLoadFence();
            FloatVector a5 = FloatVector.broadcast(S, a[i + 5]);
            s50 = a5.fma(b0, s50);
            s51 = a5.fma(b1, s51);
            loadLoadFence();
            FloatVector d0 = FloatVector.fromArray(S, b, j + 2 * L);
            FloatVector d1 = FloatVector.fromArray(S, b, j + 3 * L);
            FloatVector e0 = FloatVector.broadcast(S, a[i + 6]);
            s00 = e0.fma(d0, s00);
            s01 = e0.fma(d1, s01);
            loadLoadFence();
            FloatVector e1 = FloatVector.broadcast(S, a[i + 7]);
            s10 = e1.fma(d0, s10);
            s11 = e1.fma(d1, s11);
            loadLoadFence();
            FloatVector e2 = FloatVector.broadcast(S, a[i + 8]);
            s20 = e2.fma(d0, s20);
            s21 = e2.fma(d1, s21);
            loadLoadFence();
            FloatVector e3 = FloatVector.broadcast(S, a[i + 9]);
            s30 = e3.fma(d0, s30);
            s31 = e3.fma(d1, s31);
            loadLoadFence();
            FloatVector e4 = FloatVector.broadcast(S, a[i + 10]);
            s40 = e4.fma(d0, s40);
            s41 = e4.fma(d1, s41);
            loadLoadFence();
            FloatVector e5 = FloatVector.broadcast(S, a[i + 11]);
            s50 = e5.fma(d0, s50);
            s51 = e5.fma(d1, s51);
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + L);
        s10.intoArray(c, c0 + ldc);
        s11.intoArray(c, c0 + ldc + L);
        s20.intoArray(c, c0 + 2 * ldc);
        s21.intoArray(c, c0 + 2 * ldc + L);
        s30.intoArray(c, c0 + 3 * ldc);
        s31.intoArray(c, c0 + 3 * ldc + L);
        s40.intoArray(c, c0 + 4 * ldc);
        s41.intoArray(c, c0 + 4 * ldc + L);
        s50.intoArray(c, c0 + 5 * ldc);
        s51.intoArray(c, c0 + 5 * ldc + L);
    }

    private static void tile8(
            int depth, float[] a, int ap, float[] b, int bp, float[] f, int f0, int ldf, float[] c, int c0, int ldc) {
        int c1 = c0 + ldc;
        int c2 = c1 + ldc;
        int c3 = c2 + ldc;
        int c4 = c3 + ldc;
        int c5 = c4 + ldc;
        int c6 = c5 + ldc;
        int c7 = c6 + ldc;
        FloatVector s00 = FloatVector.fromArray(S, f, f0);
        FloatVector s01 = FloatVector.fromArray(S, f, f0 + L);
        FloatVector s10 = FloatVector.fromArray(S, f, f0 + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, f0 + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, f0 + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, f0 + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, f0 + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, f0 + 3 * ldf + L);
        FloatVector s40 = FloatVector.fromArray(S, f, f0 + 4 * ldf);
        FloatVector s41 = FloatVector.fromArray(S, f, f0 + 4 * ldf + L);
        FloatVector s50 = FloatVector.fromArray(S, f, f0 + 5 * ldf);
        FloatVector s51 = FloatVector.fromArray(S, f, f0 + 5 * ldf + L);
        FloatVector s60 = FloatVector.fromArray(S, f, f0 + 6 * ldf);
        FloatVector s61 = FloatVector.fromArray(S, f, f0 + 6 * ldf + L);
        FloatVector s70 = FloatVector.fromArray(S, f, f0 + 7 * ldf);
        FloatVector s71 = FloatVector.fromArray(S, f, f0 + 7 * ldf + L);
        int i = ap;
        int j = bp;
        for (int p = 0; p < depth; p++) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector a0 = FloatVector.broadcast(S, a[i]);
            s00 = a0.fma(b0, s00);
            s01 = a0.fma(b1, s01);
            FloatVector a1 = FloatVector.broadcast(S, a[i + 1]);
            s10 = a1.fma(b0, s10);
            s11 = a1.fma(b1, s11);
            FloatVector a2 = FloatVector.broadcast(S, a[i + 2]);
            s20 = a2.fma(b0, s20);
            s21 = a2.fma(b1, s21);
            FloatVector a3 = FloatVector.broadcast(S, a[i + 3]);
            s30 = a3.fma(b0, s30);
            s31 = a3.fma(b1, s31);
            FloatVector a4 = FloatVector.broadcast(S, a[i + 4]);
            s40 = a4.fma(b0, s40);
            s41 = a4.fma(b1, s41);
            FloatVector a5 = FloatVector.broadcast(S, a[i + 5]);
            s50 = a5.fma(b0, s50);
            s51 = a5.fma(b1, s51);
            FloatVector a6 = FloatVector.broadcast(S, a[i + 6]);
            s60 = a6.fma(b0, s60);
            s61 = a6.fma(b1, s61);
            FloatVector a7 = FloatVector.broadcast(S, a[i + 7]);
            s70 = a7.fma(b0, s70);
            s71 = a7.fma(b1, s71);
            i += 8;
            j += 2 * L;
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + L);
        s10.intoArray(c, c1);
        s11.intoArray(c, c1 + L);
        s20.intoArray(c, c2);
        s21.intoArray(c, c2 + L);
        s30.intoArray(c, c3);
        s31.intoArray(c, c3 + L);
        s40.intoArray(c, c4);
        s41.intoArray(c, c4 + L);
        s50.intoArray(c, c5);
        s51.intoArray(c, c5 + L);
        s60.intoArray(c, c6);
        s61.intoArray(c, c6 + L);
        s70.intoArray(c, c7);
        s71.intoArray(c, c7 + L);
    }
}
