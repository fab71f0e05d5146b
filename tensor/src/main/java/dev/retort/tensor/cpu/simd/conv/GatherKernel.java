package dev.retort.tensor.cpu.simd.conv;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [PhaseConv]: some rows of weights, each [#PITCH] floats behind the one before,
/// times two vectors of positions, which are read where the planes lie.
///
/// ```
///   C[i, lane] = F[i, lane] + sum over p < k of a[ao + i * PITCH + p] * b[b0 + at[p] + lane]
/// ```
///
/// and the same with b1 for the second vector. The distance of the rows is a constant, so that one
/// register holds all their positions.
final class GatherKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;

    /// Rows of the largest tile that stays in the registers.
    static final int ROWS = rows();
    /// Distance of two rows: whole cache lines, an odd number of them, so that rows do not compete for
    /// a set.
    static final int PITCH = 400;

    private GatherKernel() {}

    private static int rows() {
        if (GemmKernel.ROWS < 8) {
            return GemmKernel.MR;
        }
        return Lanes.LENGTH >= 16 ? 12 : 8;
    }

    /// Where blocks of n rows start, and the end: whole tiles, but rather two of eight rows than one of
    /// twelve and one of four.
    static int[] blocks(int n) {
        int count = Math.ceilDiv(n, ROWS);
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++) {
            starts[i] = i * ROWS;
        }
        starts[count] = n;
        int rest = n % ROWS;
        if (ROWS > 8 && count > 1 && rest > 0 && rest <= 4) {
            starts[count - 1] -= 4;
        }
        return starts;
    }

    /// Whether a tile writes so many rows, and no more.
    static boolean fills(int rows) {
        return rows % 4 == 0 || rows == ROWS;
    }

    /// Writes C for `rows` rows: whole vectors and 4, 6 (with 16 registers), 8 or 12 rows of F are read and of C
    /// written, `fs` and `cs` apart.
    ///
    /// @param spot the positions and distances b0, b1, f0, f1, fs, c0, c1 and cs
    static void tile(int rows, int k, float[] a, int ao, float[] b, int[] at, float[] f, float[] c, int[] spot) {
        if (rows > 8) {
            tile12(k, a, ao, b, at, f, c, spot);
        } else if (rows > 4 && ROWS == 6) {
            tile6(k, a, ao, b, at, f, c, spot);
        } else if (rows > 4) {
            tile8(k, a, ao, b, at, f, c, spot);
        } else {
            tile4(k, a, ao, b, at, f, c, spot);
        }
    }

    private static void tile12(int k, float[] a, int ao, float[] b, int[] at, float[] f, float[] c, int[] spot) {
        int b0 = spot[0];
        int b1 = spot[1];
        int f0 = spot[2];
        int f1 = spot[3];
        int fs = spot[4];
        int c0 = spot[5];
        int c1 = spot[6];
        int cs = spot[7];
        FloatVector s0a = FloatVector.fromArray(S, f, f0);
        FloatVector s0b = FloatVector.fromArray(S, f, f1);
        FloatVector s1a = FloatVector.fromArray(S, f, f0 + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, f1 + fs);
        FloatVector s2a = FloatVector.fromArray(S, f, f0 + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, f1 + 2 * fs);
        FloatVector s3a = FloatVector.fromArray(S, f, f0 + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, f1 + 3 * fs);
        FloatVector s4a = FloatVector.fromArray(S, f, f0 + 4 * fs);
        FloatVector s4b = FloatVector.fromArray(S, f, f1 + 4 * fs);
        FloatVector s5a = FloatVector.fromArray(S, f, f0 + 5 * fs);
        FloatVector s5b = FloatVector.fromArray(S, f, f1 + 5 * fs);
        FloatVector s6a = FloatVector.fromArray(S, f, f0 + 6 * fs);
        FloatVector s6b = FloatVector.fromArray(S, f, f1 + 6 * fs);
        FloatVector s7a = FloatVector.fromArray(S, f, f0 + 7 * fs);
        FloatVector s7b = FloatVector.fromArray(S, f, f1 + 7 * fs);
        FloatVector s8a = FloatVector.fromArray(S, f, f0 + 8 * fs);
        FloatVector s8b = FloatVector.fromArray(S, f, f1 + 8 * fs);
        FloatVector s9a = FloatVector.fromArray(S, f, f0 + 9 * fs);
        FloatVector s9b = FloatVector.fromArray(S, f, f1 + 9 * fs);
        FloatVector s10a = FloatVector.fromArray(S, f, f0 + 10 * fs);
        FloatVector s10b = FloatVector.fromArray(S, f, f1 + 10 * fs);
        FloatVector s11a = FloatVector.fromArray(S, f, f0 + 11 * fs);
        FloatVector s11b = FloatVector.fromArray(S, f, f1 + 11 * fs);
        int end = ao + k;
        for (int i = ao; i < end; i++) {
            int p = at[i - ao];
            FloatVector x0 = FloatVector.fromArray(S, b, b0 + p);
            FloatVector x1 = FloatVector.fromArray(S, b, b1 + p);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(x0, s0a);
            s0b = v0.fma(x1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(x0, s1a);
            s1b = v1.fma(x1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(x0, s2a);
            s2b = v2.fma(x1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(x0, s3a);
            s3b = v3.fma(x1, s3b);
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(x0, s4a);
            s4b = v4.fma(x1, s4b);
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(x0, s5a);
            s5b = v5.fma(x1, s5b);
            FloatVector v6 = FloatVector.broadcast(S, a[i + 6 * PITCH]);
            s6a = v6.fma(x0, s6a);
            s6b = v6.fma(x1, s6b);
            FloatVector v7 = FloatVector.broadcast(S, a[i + 7 * PITCH]);
            s7a = v7.fma(x0, s7a);
            s7b = v7.fma(x1, s7b);
            FloatVector v8 = FloatVector.broadcast(S, a[i + 8 * PITCH]);
            s8a = v8.fma(x0, s8a);
            s8b = v8.fma(x1, s8b);
            FloatVector v9 = FloatVector.broadcast(S, a[i + 9 * PITCH]);
            s9a = v9.fma(x0, s9a);
            s9b = v9.fma(x1, s9b);
            FloatVector v10 = FloatVector.broadcast(S, a[i + 10 * PITCH]);
            s10a = v10.fma(x0, s10a);
            s10b = v10.fma(x1, s10b);
            FloatVector v11 = FloatVector.broadcast(S, a[i + 11 * PITCH]);
            s11a = v11.fma(x0, s11a);
            s11b = v11.fma(x1, s11b);
        }
        s0a.intoArray(c, c0);
        s0b.intoArray(c, c1);
        s1a.intoArray(c, c0 + cs);
        s1b.intoArray(c, c1 + cs);
        s2a.intoArray(c, c0 + 2 * cs);
        s2b.intoArray(c, c1 + 2 * cs);
        s3a.intoArray(c, c0 + 3 * cs);
        s3b.intoArray(c, c1 + 3 * cs);
        s4a.intoArray(c, c0 + 4 * cs);
        s4b.intoArray(c, c1 + 4 * cs);
        s5a.intoArray(c, c0 + 5 * cs);
        s5b.intoArray(c, c1 + 5 * cs);
        s6a.intoArray(c, c0 + 6 * cs);
        s6b.intoArray(c, c1 + 6 * cs);
        s7a.intoArray(c, c0 + 7 * cs);
        s7b.intoArray(c, c1 + 7 * cs);
        s8a.intoArray(c, c0 + 8 * cs);
        s8b.intoArray(c, c1 + 8 * cs);
        s9a.intoArray(c, c0 + 9 * cs);
        s9b.intoArray(c, c1 + 9 * cs);
        s10a.intoArray(c, c0 + 10 * cs);
        s10b.intoArray(c, c1 + 10 * cs);
        s11a.intoArray(c, c0 + 11 * cs);
        s11b.intoArray(c, c1 + 11 * cs);
    }

    private static void tile8(int k, float[] a, int ao, float[] b, int[] at, float[] f, float[] c, int[] spot) {
        int b0 = spot[0];
        int b1 = spot[1];
        int f0 = spot[2];
        int f1 = spot[3];
        int fs = spot[4];
        int c0 = spot[5];
        int c1 = spot[6];
        int cs = spot[7];
        FloatVector s0a = FloatVector.fromArray(S, f, f0);
        FloatVector s0b = FloatVector.fromArray(S, f, f1);
        FloatVector s1a = FloatVector.fromArray(S, f, f0 + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, f1 + fs);
        FloatVector s2a = FloatVector.fromArray(S, f, f0 + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, f1 + 2 * fs);
        FloatVector s3a = FloatVector.fromArray(S, f, f0 + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, f1 + 3 * fs);
        FloatVector s4a = FloatVector.fromArray(S, f, f0 + 4 * fs);
        FloatVector s4b = FloatVector.fromArray(S, f, f1 + 4 * fs);
        FloatVector s5a = FloatVector.fromArray(S, f, f0 + 5 * fs);
        FloatVector s5b = FloatVector.fromArray(S, f, f1 + 5 * fs);
        FloatVector s6a = FloatVector.fromArray(S, f, f0 + 6 * fs);
        FloatVector s6b = FloatVector.fromArray(S, f, f1 + 6 * fs);
        FloatVector s7a = FloatVector.fromArray(S, f, f0 + 7 * fs);
        FloatVector s7b = FloatVector.fromArray(S, f, f1 + 7 * fs);
        int end = ao + k;
        for (int i = ao; i < end; i++) {
            int p = at[i - ao];
            FloatVector x0 = FloatVector.fromArray(S, b, b0 + p);
            FloatVector x1 = FloatVector.fromArray(S, b, b1 + p);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(x0, s0a);
            s0b = v0.fma(x1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(x0, s1a);
            s1b = v1.fma(x1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(x0, s2a);
            s2b = v2.fma(x1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(x0, s3a);
            s3b = v3.fma(x1, s3b);
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(x0, s4a);
            s4b = v4.fma(x1, s4b);
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(x0, s5a);
            s5b = v5.fma(x1, s5b);
            FloatVector v6 = FloatVector.broadcast(S, a[i + 6 * PITCH]);
            s6a = v6.fma(x0, s6a);
            s6b = v6.fma(x1, s6b);
            FloatVector v7 = FloatVector.broadcast(S, a[i + 7 * PITCH]);
            s7a = v7.fma(x0, s7a);
            s7b = v7.fma(x1, s7b);
        }
        s0a.intoArray(c, c0);
        s0b.intoArray(c, c1);
        s1a.intoArray(c, c0 + cs);
        s1b.intoArray(c, c1 + cs);
        s2a.intoArray(c, c0 + 2 * cs);
        s2b.intoArray(c, c1 + 2 * cs);
        s3a.intoArray(c, c0 + 3 * cs);
        s3b.intoArray(c, c1 + 3 * cs);
        s4a.intoArray(c, c0 + 4 * cs);
        s4b.intoArray(c, c1 + 4 * cs);
        s5a.intoArray(c, c0 + 5 * cs);
        s5b.intoArray(c, c1 + 5 * cs);
        s6a.intoArray(c, c0 + 6 * cs);
        s6b.intoArray(c, c1 + 6 * cs);
        s7a.intoArray(c, c0 + 7 * cs);
        s7b.intoArray(c, c1 + 7 * cs);
    }

    /// With fences, as in [FencedKernel][dev.retort.tensor.cpu.simd.product.FencedKernel].
    private static void tile6(int k, float[] a, int ao, float[] b, int[] at, float[] f, float[] c, int[] spot) {
        int b0 = spot[0];
        int b1 = spot[1];
        int f0 = spot[2];
        int f1 = spot[3];
        int fs = spot[4];
        int c0 = spot[5];
        int c1 = spot[6];
        int cs = spot[7];
        FloatVector s0a = FloatVector.fromArray(S, f, f0);
        FloatVector s0b = FloatVector.fromArray(S, f, f1);
        FloatVector s1a = FloatVector.fromArray(S, f, f0 + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, f1 + fs);
        FloatVector s2a = FloatVector.fromArray(S, f, f0 + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, f1 + 2 * fs);
        FloatVector s3a = FloatVector.fromArray(S, f, f0 + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, f1 + 3 * fs);
        FloatVector s4a = FloatVector.fromArray(S, f, f0 + 4 * fs);
        FloatVector s4b = FloatVector.fromArray(S, f, f1 + 4 * fs);
        FloatVector s5a = FloatVector.fromArray(S, f, f0 + 5 * fs);
        FloatVector s5b = FloatVector.fromArray(S, f, f1 + 5 * fs);
        int end = ao + k;
        for (int i = ao; i < end; i++) {
            int p = at[i - ao];
            FloatVector x0 = FloatVector.fromArray(S, b, b0 + p);
            FloatVector x1 = FloatVector.fromArray(S, b, b1 + p);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(x0, s0a);
            s0b = v0.fma(x1, s0b);
            loadLoadFence();
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(x0, s1a);
            s1b = v1.fma(x1, s1b);
            loadLoadFence();
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(x0, s2a);
            s2b = v2.fma(x1, s2b);
            loadLoadFence();
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(x0, s3a);
            s3b = v3.fma(x1, s3b);
            loadLoadFence();
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(x0, s4a);
            s4b = v4.fma(x1, s4b);
            loadLoadFence();
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(x0, s5a);
            s5b = v5.fma(x1, s5b);
        }
        s0a.intoArray(c, c0);
        s0b.intoArray(c, c1);
        s1a.intoArray(c, c0 + cs);
        s1b.intoArray(c, c1 + cs);
        s2a.intoArray(c, c0 + 2 * cs);
        s2b.intoArray(c, c1 + 2 * cs);
        s3a.intoArray(c, c0 + 3 * cs);
        s3b.intoArray(c, c1 + 3 * cs);
        s4a.intoArray(c, c0 + 4 * cs);
        s4b.intoArray(c, c1 + 4 * cs);
        s5a.intoArray(c, c0 + 5 * cs);
        s5b.intoArray(c, c1 + 5 * cs);
    }

    private static void tile4(int k, float[] a, int ao, float[] b, int[] at, float[] f, float[] c, int[] spot) {
        int b0 = spot[0];
        int b1 = spot[1];
        int f0 = spot[2];
        int f1 = spot[3];
        int fs = spot[4];
        int c0 = spot[5];
        int c1 = spot[6];
        int cs = spot[7];
        FloatVector s0a = FloatVector.fromArray(S, f, f0);
        FloatVector s0b = FloatVector.fromArray(S, f, f1);
        FloatVector s1a = FloatVector.fromArray(S, f, f0 + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, f1 + fs);
        FloatVector s2a = FloatVector.fromArray(S, f, f0 + 2 * fs);
        FloatVector s2b = FloatVector.fromArray(S, f, f1 + 2 * fs);
        FloatVector s3a = FloatVector.fromArray(S, f, f0 + 3 * fs);
        FloatVector s3b = FloatVector.fromArray(S, f, f1 + 3 * fs);
        int end = ao + k;
        for (int i = ao; i < end; i++) {
            int p = at[i - ao];
            FloatVector x0 = FloatVector.fromArray(S, b, b0 + p);
            FloatVector x1 = FloatVector.fromArray(S, b, b1 + p);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(x0, s0a);
            s0b = v0.fma(x1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(x0, s1a);
            s1b = v1.fma(x1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(x0, s2a);
            s2b = v2.fma(x1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(x0, s3a);
            s3b = v3.fma(x1, s3b);
        }
        s0a.intoArray(c, c0);
        s0b.intoArray(c, c1);
        s1a.intoArray(c, c0 + cs);
        s1b.intoArray(c, c1 + cs);
        s2a.intoArray(c, c0 + 2 * cs);
        s2b.intoArray(c, c1 + 2 * cs);
        s3a.intoArray(c, c0 + 3 * cs);
        s3b.intoArray(c, c1 + 3 * cs);
    }
}
