package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Rows of A, read where they lie, times a panel of B four vectors wide, for processors with 32 vector registers.
///
/// Six rows by four vectors take as few loads a multiply-add as the packed tile of [GemmKernel], so A need not be
/// packed. Positions are computed as in [InPlaceKernel].
final class WideKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Rows of the largest tile.
    static final int MR = 6;

    private WideKernel() {}

    /// Writes F plus the product of m rows of A with a panel of `depth` steps; operands as for [InPlaceKernel].
    static void rows(
            int m,
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
        // Eight rows at the end are two tiles of four: a tile of one row waits for its own sums.
        for (; i <= m - MR && i != m - 8; i += MR) {
            tile6(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
        }
        for (; i <= m - 4; i += 4) {
            tile4(depth, a, ao + i * ars, ars, b, bo, f, fo + i * ldf, ldf, c, co + i * ldc, ldc);
        }
        for (; i < m; i++) {
            tile1(depth, a, ao + i * ars, b, bo, f, fo + i * ldf, c, co + i * ldc);
        }
    }

    // k steps; rows of A, F and C are `as`, `fs` and `cs` apart.

    private static void tile6(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
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
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 4 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector b2 = FloatVector.fromArray(S, b, j + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, b, j + 3 * L);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            s02 = v0.fma(b2, s02);
            s03 = v0.fma(b3, s03);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            s12 = v1.fma(b2, s12);
            s13 = v1.fma(b3, s13);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            s22 = v2.fma(b2, s22);
            s23 = v2.fma(b3, s23);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            s32 = v3.fma(b2, s32);
            s33 = v3.fma(b3, s33);
            t += as;
            FloatVector v4 = FloatVector.broadcast(S, a[t]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            s42 = v4.fma(b2, s42);
            s43 = v4.fma(b3, s43);
            t += as;
            FloatVector v5 = FloatVector.broadcast(S, a[t]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            s52 = v5.fma(b2, s52);
            s53 = v5.fma(b3, s53);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s02.intoArray(c, co + 2 * L);
        s03.intoArray(c, co + 3 * L);
        s10.intoArray(c, co + cs);
        s11.intoArray(c, co + cs + L);
        s12.intoArray(c, co + cs + 2 * L);
        s13.intoArray(c, co + cs + 3 * L);
        s20.intoArray(c, co + 2 * cs);
        s21.intoArray(c, co + 2 * cs + L);
        s22.intoArray(c, co + 2 * cs + 2 * L);
        s23.intoArray(c, co + 2 * cs + 3 * L);
        s30.intoArray(c, co + 3 * cs);
        s31.intoArray(c, co + 3 * cs + L);
        s32.intoArray(c, co + 3 * cs + 2 * L);
        s33.intoArray(c, co + 3 * cs + 3 * L);
        s40.intoArray(c, co + 4 * cs);
        s41.intoArray(c, co + 4 * cs + L);
        s42.intoArray(c, co + 4 * cs + 2 * L);
        s43.intoArray(c, co + 4 * cs + 3 * L);
        s50.intoArray(c, co + 5 * cs);
        s51.intoArray(c, co + 5 * cs + L);
        s52.intoArray(c, co + 5 * cs + 2 * L);
        s53.intoArray(c, co + 5 * cs + 3 * L);
    }

    private static void tile4(
            int k, float[] a, int ao, int as, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
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
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 4 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector b2 = FloatVector.fromArray(S, b, j + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, b, j + 3 * L);
            int t = i;
            FloatVector v0 = FloatVector.broadcast(S, a[t]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            s02 = v0.fma(b2, s02);
            s03 = v0.fma(b3, s03);
            t += as;
            FloatVector v1 = FloatVector.broadcast(S, a[t]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            s12 = v1.fma(b2, s12);
            s13 = v1.fma(b3, s13);
            t += as;
            FloatVector v2 = FloatVector.broadcast(S, a[t]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            s22 = v2.fma(b2, s22);
            s23 = v2.fma(b3, s23);
            t += as;
            FloatVector v3 = FloatVector.broadcast(S, a[t]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            s32 = v3.fma(b2, s32);
            s33 = v3.fma(b3, s33);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s02.intoArray(c, co + 2 * L);
        s03.intoArray(c, co + 3 * L);
        s10.intoArray(c, co + cs);
        s11.intoArray(c, co + cs + L);
        s12.intoArray(c, co + cs + 2 * L);
        s13.intoArray(c, co + cs + 3 * L);
        s20.intoArray(c, co + 2 * cs);
        s21.intoArray(c, co + 2 * cs + L);
        s22.intoArray(c, co + 2 * cs + 2 * L);
        s23.intoArray(c, co + 2 * cs + 3 * L);
        s30.intoArray(c, co + 3 * cs);
        s31.intoArray(c, co + 3 * cs + L);
        s32.intoArray(c, co + 3 * cs + 2 * L);
        s33.intoArray(c, co + 3 * cs + 3 * L);
    }

    private static void tile1(int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, float[] c, int co) {
        FloatVector s00 = FloatVector.fromArray(S, f, fo);
        FloatVector s01 = FloatVector.fromArray(S, f, fo + L);
        FloatVector s02 = FloatVector.fromArray(S, f, fo + 2 * L);
        FloatVector s03 = FloatVector.fromArray(S, f, fo + 3 * L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += 4 * L) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector b2 = FloatVector.fromArray(S, b, j + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, b, j + 3 * L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            s02 = v0.fma(b2, s02);
            s03 = v0.fma(b3, s03);
        }
        s00.intoArray(c, co);
        s01.intoArray(c, co + L);
        s02.intoArray(c, co + 2 * L);
        s03.intoArray(c, co + 3 * L);
    }
}
