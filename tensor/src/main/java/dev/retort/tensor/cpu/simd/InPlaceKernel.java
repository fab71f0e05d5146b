package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// [GemmKernel] without packing: rows of A and rows of B are read where they lie, and rows that do not fill a tile
/// take smaller ones.
final class InPlaceKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int MR = GemmKernel.MR;
    private static final int NR = GemmKernel.NR;

    private InPlaceKernel() {}

    /// `rows` rows (at most MR) and `vectors` vectors (1 or 2) of columns of C: F plus the product, where row i of A
    /// starts at `a[ao + i * ars]` and row p of B at `b[bo + p * brs]`; F as for [GemmKernel].
    static void tile(
            int rows,
            int vectors,
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        if (rows == 8 && vectors == 2) {
            tile8x2(depth, a, ao, ars, b, bo, brs, f, fo, ldf, c, co, ldc);
        } else if (rows == 8) {
            tile8x1(depth, a, ao, ars, b, bo, brs, f, fo, ldf, c, co, ldc);
        } else {
            fewer(rows, vectors, depth, a, ao, ars, b, bo, brs, f, fo, ldf, c, co, ldc);
        }
    }

    /// Four rows at a time, then one by one.
    private static void fewer(
            int rows,
            int vectors,
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        int r = 0;
        for (; r <= rows - 4; r += 4) {
            if (vectors == 2) {
                tile4x2(depth, a, ao + r * ars, ars, b, bo, brs, f, fo + r * ldf, ldf, c, co + r * ldc, ldc);
            } else {
                tile4x1(depth, a, ao + r * ars, ars, b, bo, brs, f, fo + r * ldf, ldf, c, co + r * ldc, ldc);
            }
        }
        for (; r < rows; r++) {
            if (vectors == 2) {
                tile1x2(depth, a, ao + r * ars, ars, b, bo, brs, f, fo + r * ldf, ldf, c, co + r * ldc, ldc);
            } else {
                tile1x1(depth, a, ao + r * ars, ars, b, bo, brs, f, fo + r * ldf, ldf, c, co + r * ldc, ldc);
            }
        }
    }

    /// Writes F plus the product of m rows of A, read in place, with the first `depth` steps of `n` columns packed
    /// `packed` steps deep from `bp[bt]` on.
    static void add(
            int m,
            int n,
            int depth,
            int packed,
            float[] a,
            int ao,
            int ars,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        for (int j = 0; j < n; j += NR) {
            int columns = Math.min(NR, n - j);
            int panel = bt + j * packed;
            for (int i = 0; i < m; i += MR) {
                int rows = Math.min(MR, m - i);
                int row = ao + i * ars;
                int from = fo + i * ldf + j;
                int tile = co + i * ldc + j;
                if (columns == NR) {
                    tile(rows, 2, depth, a, row, ars, bp, panel, NR, f, from, ldf, c, tile, ldc);
                } else {
                    edge(rows, columns, depth, a, row, ars, bp, panel, f, from, ldf, c, tile, ldc);
                }
            }
        }
    }

    /// Columns that C does not have are computed in a scratch tile, so that the chain stays the same.
    private static void edge(
            int rows,
            int columns,
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] bp,
            int bt,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        float[] t = Scratch.floats(Scratch.GEMM_TILE, MR * NR);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(f, fo + r * ldf, t, r * NR, columns);
        }
        tile(rows, 2, depth, a, ao, ars, bp, bt, NR, t, 0, NR, t, 0, NR);
        for (int r = 0; r < rows; r++) {
            System.arraycopy(t, r * NR, c, co + r * ldc, columns);
        }
    }

    private static void tile8x2(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * ldf + L);
        FloatVector s40 = FloatVector.fromArray(S, f, fo + 4 * ldf);
        FloatVector s41 = FloatVector.fromArray(S, f, fo + 4 * ldf + L);
        FloatVector s50 = FloatVector.fromArray(S, f, fo + 5 * ldf);
        FloatVector s51 = FloatVector.fromArray(S, f, fo + 5 * ldf + L);
        FloatVector s60 = FloatVector.fromArray(S, f, fo + 6 * ldf);
        FloatVector s61 = FloatVector.fromArray(S, f, fo + 6 * ldf + L);
        FloatVector s70 = FloatVector.fromArray(S, f, fo + 7 * ldf);
        FloatVector s71 = FloatVector.fromArray(S, f, fo + 7 * ldf + L);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, a[ao + ars + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, a[ao + 2 * ars + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, a[ao + 3 * ars + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            FloatVector v4 = FloatVector.broadcast(S, a[ao + 4 * ars + p]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            FloatVector v5 = FloatVector.broadcast(S, a[ao + 5 * ars + p]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            FloatVector v6 = FloatVector.broadcast(S, a[ao + 6 * ars + p]);
            s60 = v6.fma(b0, s60);
            s61 = v6.fma(b1, s61);
            FloatVector v7 = FloatVector.broadcast(S, a[ao + 7 * ars + p]);
            s70 = v7.fma(b0, s70);
            s71 = v7.fma(b1, s71);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s10.intoArray(c, co + ldc);
        s11.intoArray(c, co + ldc + L);
        s20.intoArray(c, co + 2 * ldc);
        s21.intoArray(c, co + 2 * ldc + L);
        s30.intoArray(c, co + 3 * ldc);
        s31.intoArray(c, co + 3 * ldc + L);
        s40.intoArray(c, co + 4 * ldc);
        s41.intoArray(c, co + 4 * ldc + L);
        s50.intoArray(c, co + 5 * ldc);
        s51.intoArray(c, co + 5 * ldc + L);
        s60.intoArray(c, co + 6 * ldc);
        s61.intoArray(c, co + 6 * ldc + L);
        s70.intoArray(c, co + 7 * ldc);
        s71.intoArray(c, co + 7 * ldc + L);
    }

    private static void tile8x1(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + ldf);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * ldf);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * ldf);
        FloatVector s40 = FloatVector.fromArray(S, f, fo + 4 * ldf);
        FloatVector s50 = FloatVector.fromArray(S, f, fo + 5 * ldf);
        FloatVector s60 = FloatVector.fromArray(S, f, fo + 6 * ldf);
        FloatVector s70 = FloatVector.fromArray(S, f, fo + 7 * ldf);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
            FloatVector v1 = FloatVector.broadcast(S, a[ao + ars + p]);
            s10 = v1.fma(b0, s10);
            FloatVector v2 = FloatVector.broadcast(S, a[ao + 2 * ars + p]);
            s20 = v2.fma(b0, s20);
            FloatVector v3 = FloatVector.broadcast(S, a[ao + 3 * ars + p]);
            s30 = v3.fma(b0, s30);
            FloatVector v4 = FloatVector.broadcast(S, a[ao + 4 * ars + p]);
            s40 = v4.fma(b0, s40);
            FloatVector v5 = FloatVector.broadcast(S, a[ao + 5 * ars + p]);
            s50 = v5.fma(b0, s50);
            FloatVector v6 = FloatVector.broadcast(S, a[ao + 6 * ars + p]);
            s60 = v6.fma(b0, s60);
            FloatVector v7 = FloatVector.broadcast(S, a[ao + 7 * ars + p]);
            s70 = v7.fma(b0, s70);
        }
        s00.intoArray(c, co);
        s10.intoArray(c, co + ldc);
        s20.intoArray(c, co + 2 * ldc);
        s30.intoArray(c, co + 3 * ldc);
        s40.intoArray(c, co + 4 * ldc);
        s50.intoArray(c, co + 5 * ldc);
        s60.intoArray(c, co + 6 * ldc);
        s70.intoArray(c, co + 7 * ldc);
    }

    private static void tile4x2(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + ldf);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + ldf + L);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * ldf);
        FloatVector s21 = FloatVector.fromArray(S, f, fo + 2 * ldf + L);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * ldf);
        FloatVector s31 = FloatVector.fromArray(S, f, fo + 3 * ldf + L);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, a[ao + ars + p]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, a[ao + 2 * ars + p]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, a[ao + 3 * ars + p]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s10.intoArray(c, co + ldc);
        s11.intoArray(c, co + ldc + L);
        s20.intoArray(c, co + 2 * ldc);
        s21.intoArray(c, co + 2 * ldc + L);
        s30.intoArray(c, co + 3 * ldc);
        s31.intoArray(c, co + 3 * ldc + L);
    }

    private static void tile4x1(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + ldf);
        FloatVector s20 = FloatVector.fromArray(S, f, fo + 2 * ldf);
        FloatVector s30 = FloatVector.fromArray(S, f, fo + 3 * ldf);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
            FloatVector v1 = FloatVector.broadcast(S, a[ao + ars + p]);
            s10 = v1.fma(b0, s10);
            FloatVector v2 = FloatVector.broadcast(S, a[ao + 2 * ars + p]);
            s20 = v2.fma(b0, s20);
            FloatVector v3 = FloatVector.broadcast(S, a[ao + 3 * ars + p]);
            s30 = v3.fma(b0, s30);
        }
        s00.intoArray(c, co);
        s10.intoArray(c, co + ldc);
        s20.intoArray(c, co + 2 * ldc);
        s30.intoArray(c, co + 3 * ldc);
    }

    private static void tile1x2(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
    }

    private static void tile1x1(
            int depth,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int brs,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        for (int p = 0, j = bo; p < depth; p++, j += brs) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector v0 = FloatVector.broadcast(S, a[ao + p]);
            s00 = v0.fma(b0, s00);
        }
        s00.intoArray(c, co);
    }
}
