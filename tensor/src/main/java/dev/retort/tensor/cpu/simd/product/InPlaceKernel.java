package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// [GemmKernel] without packing A: its rows are read where they lie, and rows that do not fill a tile take smaller
/// ones.
///
/// The position of a row is a sum that starts from the loop's own variable: the compiler then takes all range checks
/// out of the loop, and needs one register for the positions instead of one for each row.
final class InPlaceKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int MR = GemmKernel.ROWS;
    private static final int NR = GemmKernel.NR;

    private InPlaceKernel() {}

    /// Writes F plus the product of m rows of A with a panel of B of `vectors` vectors (1 or 2): row i of A starts at
    /// `a[ao + i * ars]`, the panel at `b[bo]`; F as for [GemmKernel].
    static void rows(
            int m,
            int vectors,
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        int i = 0;
        for (; MR == 8 && i <= m - 8; i += 8) {
            if (vectors == 2) {
                tile8x2(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
            } else {
                tile8x1(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
            }
        }
        for (; i <= m - 4; i += 4) {
            if (vectors == 2) {
                tile4x2(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
            } else {
                tile4x1(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
            }
        }
        for (; i < m; i++) {
            if (vectors == 2) {
                tile1x2(depth, a, ao + i * ars, b, bo, f, fo + i * ldf, c, co + i * ldc);
            } else {
                tile1x1(depth, a, ao + i * ars, b, bo, f, fo + i * ldf, c, co + i * ldc);
            }
        }
    }

    // k steps; rows of A, F and C are `as`, `fs` and `cs` apart.

    private static void tile8x2(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
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
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 2 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            t += as;
            FloatVector v4 = FloatVector.broadcast(S, a[t]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            t += as;
            FloatVector v5 = FloatVector.broadcast(S, a[t]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            t += as;
            FloatVector v6 = FloatVector.broadcast(S, a[t]);
            s60 = v6.fma(b0, s60);
            s61 = v6.fma(b1, s61);
            t += as;
            FloatVector v7 = FloatVector.broadcast(S, a[t]);
            s70 = v7.fma(b0, s70);
            s71 = v7.fma(b1, s71);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s10.intoArray(c, co + cs);
        s11.intoArray(c, co + cs + L);
        s20.intoArray(c, co + 2 * cs);
        s21.intoArray(c, co + 2 * cs + L);
        s30.intoArray(c, co + 3 * cs);
        s31.intoArray(c, co + 3 * cs + L);
        s40.intoArray(c, co + 4 * cs);
        s41.intoArray(c, co + 4 * cs + L);
        s50.intoArray(c, co + 5 * cs);
        s51.intoArray(c, co + 5 * cs + L);
        s60.intoArray(c, co + 6 * cs);
        s61.intoArray(c, co + 6 * cs + L);
        s70.intoArray(c, co + 7 * cs);
        s71.intoArray(c, co + 7 * cs + L);
    }

    private static void tile8x1(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s40 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s50 = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s60 = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s70 = FloatVector.fromArray(S, f, fo + 7 * fs);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
            t += as;
            FloatVector v4 = FloatVector.broadcast(S, a[t]);
            s40 = v4.fma(b0, s40);
            t += as;
            FloatVector v5 = FloatVector.broadcast(S, a[t]);
            s50 = v5.fma(b0, s50);
            t += as;
            FloatVector v6 = FloatVector.broadcast(S, a[t]);
            s60 = v6.fma(b0, s60);
            t += as;
            FloatVector v7 = FloatVector.broadcast(S, a[t]);
            s70 = v7.fma(b0, s70);
        }
        s00.intoArray(c, co);
        s10.intoArray(c, co + cs);
        s20.intoArray(c, co + 2 * cs);
        s30.intoArray(c, co + 3 * cs);
        s40.intoArray(c, co + 4 * cs);
        s50.intoArray(c, co + 5 * cs);
        s60.intoArray(c, co + 6 * cs);
        s70.intoArray(c, co + 7 * cs);
    }

    private static void tile4x2(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 2 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s10.intoArray(c, co + cs);
        s11.intoArray(c, co + cs + L);
        s20.intoArray(c, co + 2 * cs);
        s21.intoArray(c, co + 2 * cs + L);
        s30.intoArray(c, co + 3 * cs);
        s31.intoArray(c, co + 3 * cs + L);
    }

    private static void tile4x1(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * fs);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
        }
        s00.intoArray(c, co);
        s10.intoArray(c, co + cs);
        s20.intoArray(c, co + 2 * cs);
        s30.intoArray(c, co + 3 * cs);
    }

    private static void tile1x2(int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, float[] c, int co) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 2 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
    }

    private static void tile1x1(int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, float[] c, int co) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s00 = v0.fma(b0, s00);
        }
        s00.intoArray(c, co);
    }
}
