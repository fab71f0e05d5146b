package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Twelve rows of A, copied [#PITCH] floats apart, times a panel of B two vectors wide, for processors with 32 vector
/// registers.
///
/// The rows stay in the first-level cache while panels of B pass through it from the second, two vectors a step. The
/// distance of the rows is a constant, so that one register holds all their positions.
public final class TallKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    /// Rows of the largest tile.
    public static final int MR = 12;
    /// Largest depth: twelve rows take half of a first-level cache of 48 KB.
    public static final int DEPTH = 512;
    /// Distance of two rows: whole cache lines, an odd number of them, so that rows do not compete for a set.
    public static final int PITCH = DEPTH + 16;

    private TallKernel() {}

    /// Writes F plus the product of `rows` rows, from `a[ao]` on, with the first `columns` columns of the panel at
    /// `b[bo]`; F as for [GemmKernel]. Whole vectors and 4, 8 or 12 rows of F are read and of C written.
    public static void tile(
            int rows,
            int columns,
            int depth,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] f,
            int fo,
            int fs,
            float[] c,
            int co,
            int cs) {
        if (columns <= L) {
            half12(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else if (rows > 8) {
            tile12(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else if (rows > 4) {
            tile8(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else {
            tile4(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        }
    }

    // k steps; rows of F and C are `fs` and `cs` apart.

    private static void tile12(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0a = FloatVector.fromArray(S, f, fo);
        FloatVector s0b = FloatVector.fromArray(S, f, fo + L);
        FloatVector s1a = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s2a = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s3a = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        FloatVector s4a = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s4b = FloatVector.fromArray(S, f, fo + 4 * fs + L);
        FloatVector s5a = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s5b = FloatVector.fromArray(S, f, fo + 5 * fs + L);
        FloatVector s6a = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s6b = FloatVector.fromArray(S, f, fo + 6 * fs + L);
        FloatVector s7a = FloatVector.fromArray(S, f, fo + 7 * fs);
        FloatVector s7b = FloatVector.fromArray(S, f, fo + 7 * fs + L);
        FloatVector s8a = FloatVector.fromArray(S, f, fo + 8 * fs);
        FloatVector s8b = FloatVector.fromArray(S, f, fo + 8 * fs + L);
        FloatVector s9a = FloatVector.fromArray(S, f, fo + 9 * fs);
        FloatVector s9b = FloatVector.fromArray(S, f, fo + 9 * fs + L);
        FloatVector s10a = FloatVector.fromArray(S, f, fo + 10 * fs);
        FloatVector s10b = FloatVector.fromArray(S, f, fo + 10 * fs + L);
        FloatVector s11a = FloatVector.fromArray(S, f, fo + 11 * fs);
        FloatVector s11b = FloatVector.fromArray(S, f, fo + 11 * fs + L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(b0, s4a);
            s4b = v4.fma(b1, s4b);
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(b0, s5a);
            s5b = v5.fma(b1, s5b);
            FloatVector v6 = FloatVector.broadcast(S, a[i + 6 * PITCH]);
            s6a = v6.fma(b0, s6a);
            s6b = v6.fma(b1, s6b);
            FloatVector v7 = FloatVector.broadcast(S, a[i + 7 * PITCH]);
            s7a = v7.fma(b0, s7a);
            s7b = v7.fma(b1, s7b);
            FloatVector v8 = FloatVector.broadcast(S, a[i + 8 * PITCH]);
            s8a = v8.fma(b0, s8a);
            s8b = v8.fma(b1, s8b);
            FloatVector v9 = FloatVector.broadcast(S, a[i + 9 * PITCH]);
            s9a = v9.fma(b0, s9a);
            s9b = v9.fma(b1, s9b);
            FloatVector v10 = FloatVector.broadcast(S, a[i + 10 * PITCH]);
            s10a = v10.fma(b0, s10a);
            s10b = v10.fma(b1, s10b);
            FloatVector v11 = FloatVector.broadcast(S, a[i + 11 * PITCH]);
            s11a = v11.fma(b0, s11a);
            s11b = v11.fma(b1, s11b);
        }
        s0a.intoArray(c, co);
        s0b.intoArray(c, co + L);
        s1a.intoArray(c, co + cs);
        s1b.intoArray(c, co + cs + L);
        s2a.intoArray(c, co + 2 * cs);
        s2b.intoArray(c, co + 2 * cs + L);
        s3a.intoArray(c, co + 3 * cs);
        s3b.intoArray(c, co + 3 * cs + L);
        s4a.intoArray(c, co + 4 * cs);
        s4b.intoArray(c, co + 4 * cs + L);
        s5a.intoArray(c, co + 5 * cs);
        s5b.intoArray(c, co + 5 * cs + L);
        s6a.intoArray(c, co + 6 * cs);
        s6b.intoArray(c, co + 6 * cs + L);
        s7a.intoArray(c, co + 7 * cs);
        s7b.intoArray(c, co + 7 * cs + L);
        s8a.intoArray(c, co + 8 * cs);
        s8b.intoArray(c, co + 8 * cs + L);
        s9a.intoArray(c, co + 9 * cs);
        s9b.intoArray(c, co + 9 * cs + L);
        s10a.intoArray(c, co + 10 * cs);
        s10b.intoArray(c, co + 10 * cs + L);
        s11a.intoArray(c, co + 11 * cs);
        s11b.intoArray(c, co + 11 * cs + L);
    }

    private static void tile8(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0a = FloatVector.fromArray(S, f, fo);
        FloatVector s0b = FloatVector.fromArray(S, f, fo + L);
        FloatVector s1a = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s2a = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s3a = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        FloatVector s4a = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s4b = FloatVector.fromArray(S, f, fo + 4 * fs + L);
        FloatVector s5a = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s5b = FloatVector.fromArray(S, f, fo + 5 * fs + L);
        FloatVector s6a = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s6b = FloatVector.fromArray(S, f, fo + 6 * fs + L);
        FloatVector s7a = FloatVector.fromArray(S, f, fo + 7 * fs);
        FloatVector s7b = FloatVector.fromArray(S, f, fo + 7 * fs + L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(b0, s4a);
            s4b = v4.fma(b1, s4b);
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(b0, s5a);
            s5b = v5.fma(b1, s5b);
            FloatVector v6 = FloatVector.broadcast(S, a[i + 6 * PITCH]);
            s6a = v6.fma(b0, s6a);
            s6b = v6.fma(b1, s6b);
            FloatVector v7 = FloatVector.broadcast(S, a[i + 7 * PITCH]);
            s7a = v7.fma(b0, s7a);
            s7b = v7.fma(b1, s7b);
        }
        s0a.intoArray(c, co);
        s0b.intoArray(c, co + L);
        s1a.intoArray(c, co + cs);
        s1b.intoArray(c, co + cs + L);
        s2a.intoArray(c, co + 2 * cs);
        s2b.intoArray(c, co + 2 * cs + L);
        s3a.intoArray(c, co + 3 * cs);
        s3b.intoArray(c, co + 3 * cs + L);
        s4a.intoArray(c, co + 4 * cs);
        s4b.intoArray(c, co + 4 * cs + L);
        s5a.intoArray(c, co + 5 * cs);
        s5b.intoArray(c, co + 5 * cs + L);
        s6a.intoArray(c, co + 6 * cs);
        s6b.intoArray(c, co + 6 * cs + L);
        s7a.intoArray(c, co + 7 * cs);
        s7b.intoArray(c, co + 7 * cs + L);
    }

    private static void tile4(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0a = FloatVector.fromArray(S, f, fo);
        FloatVector s0b = FloatVector.fromArray(S, f, fo + L);
        FloatVector s1a = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, fo + fs + L);
        FloatVector s2a = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, fo + 2 * fs + L);
        FloatVector s3a = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, fo + 3 * fs + L);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
        }
        s0a.intoArray(c, co);
        s0b.intoArray(c, co + L);
        s1a.intoArray(c, co + cs);
        s1b.intoArray(c, co + cs + L);
        s2a.intoArray(c, co + 2 * cs);
        s2b.intoArray(c, co + 2 * cs + L);
        s3a.intoArray(c, co + 3 * cs);
        s3b.intoArray(c, co + 3 * cs + L);
    }

    private static void half12(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0 = FloatVector.fromArray(S, f, fo);
        FloatVector s1 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s2 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s3 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s4 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s5 = FloatVector.fromArray(S, f, fo + 5 * fs);
        FloatVector s6 = FloatVector.fromArray(S, f, fo + 6 * fs);
        FloatVector s7 = FloatVector.fromArray(S, f, fo + 7 * fs);
        FloatVector s8 = FloatVector.fromArray(S, f, fo + 8 * fs);
        FloatVector s9 = FloatVector.fromArray(S, f, fo + 9 * fs);
        FloatVector s10 = FloatVector.fromArray(S, f, fo + 10 * fs);
        FloatVector s11 = FloatVector.fromArray(S, f, fo + 11 * fs);
        int end = ao + k;
        for (int i = ao, j = bo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, a[i + 6 * PITCH]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, a[i + 7 * PITCH]);
            s7 = v7.fma(b0, s7);
            FloatVector v8 = FloatVector.broadcast(S, a[i + 8 * PITCH]);
            s8 = v8.fma(b0, s8);
            FloatVector v9 = FloatVector.broadcast(S, a[i + 9 * PITCH]);
            s9 = v9.fma(b0, s9);
            FloatVector v10 = FloatVector.broadcast(S, a[i + 10 * PITCH]);
            s10 = v10.fma(b0, s10);
            FloatVector v11 = FloatVector.broadcast(S, a[i + 11 * PITCH]);
            s11 = v11.fma(b0, s11);
        }
        s0.intoArray(c, co);
        s1.intoArray(c, co + cs);
        s2.intoArray(c, co + 2 * cs);
        s3.intoArray(c, co + 3 * cs);
        s4.intoArray(c, co + 4 * cs);
        s5.intoArray(c, co + 5 * cs);
        s6.intoArray(c, co + 6 * cs);
        s7.intoArray(c, co + 7 * cs);
        s8.intoArray(c, co + 8 * cs);
        s9.intoArray(c, co + 9 * cs);
        s10.intoArray(c, co + 10 * cs);
        s11.intoArray(c, co + 11 * cs);
    }
}
