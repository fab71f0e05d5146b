package dev.retort.tensor.cpu.simd.product;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Six rows of A, copied [#PITCH] floats apart, times a panel of B two vectors wide, for processors with 16 vector
/// registers.
///
/// Twelve sums, two vectors of B and one value of A leave one register. The compiler would load all six values of A
/// first, and keep sums on the stack for it; fences between the rows hold each load where it stands. On x86 they are
/// no instructions, since loads are never reordered there. They also keep the compiler from unrolling the loop, which
/// takes two steps a turn by hand: its own instructions cost a tenth where another thread shares the core. With
/// vectors of 512 bits [WinogradHalving][dev.retort.tensor.cpu.simd.winograd.WinogradHalving] uses it too.
public final class FencedKernel {
    /// Whether fences cost nothing.
    public static final boolean FREE_FENCES = System.getProperty("os.arch").matches("amd64|x86_64");
    /// Whether this process has 16 registers besides.
    public static final boolean AVAILABLE = Lanes.LENGTH < 16 && FREE_FENCES;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = 2 * L;
    /// Rows of the largest tile.
    public static final int MR = 6;
    /// Depth at which a panel of B, of vectors of 256 bits, and two strips of A stay in a first-level cache of 32 KB.
    public static final int DEPTH = 256;
    /// Largest depth: the panel and one strip fill that cache. It divides planes of 28 x 28 and 56 x 56 pixels, and
    /// pairs of 14 x 14.
    public static final int MOST = 392;
    /// Distance of two rows: whole cache lines, an odd number of them, so that rows do not compete for a set.
    public static final int PITCH = MOST + 8;

    private FencedKernel() {}

    /// Writes F plus the product of `rows` rows, from `a[ao]` on, with the first `columns` columns of the panel at
    /// `b[bo]`; F as for [GemmKernel]. Whole vectors and 2, 4 or 6 rows of F are read and of C written.
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
            half6(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else if (rows > 4) {
            tile6(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else if (rows > 2) {
            tile4(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        } else {
            tile2(depth, a, ao, b, bo, f, fo, fs, c, co, cs);
        }
    }

    // k steps; rows of F and C are `fs` and `cs` apart.

    private static void tile6(
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
        int end = ao + k;
        int odd = k & 1;
        if (odd != 0) {
            FloatVector b0 = FloatVector.fromArray(S, b, bo);
            FloatVector b1 = FloatVector.fromArray(S, b, bo + L);
            s0a = FloatVector.broadcast(S, a[ao]).fma(b0, s0a);
            s0b = FloatVector.broadcast(S, a[ao]).fma(b1, s0b);
            s1a = FloatVector.broadcast(S, a[ao + PITCH]).fma(b0, s1a);
            s1b = FloatVector.broadcast(S, a[ao + PITCH]).fma(b1, s1b);
            s2a = FloatVector.broadcast(S, a[ao + 2 * PITCH]).fma(b0, s2a);
            s2b = FloatVector.broadcast(S, a[ao + 2 * PITCH]).fma(b1, s2b);
            s3a = FloatVector.broadcast(S, a[ao + 3 * PITCH]).fma(b0, s3a);
            s3b = FloatVector.broadcast(S, a[ao + 3 * PITCH]).fma(b1, s3b);
            s4a = FloatVector.broadcast(S, a[ao + 4 * PITCH]).fma(b0, s4a);
            s4b = FloatVector.broadcast(S, a[ao + 4 * PITCH]).fma(b1, s4b);
            s5a = FloatVector.broadcast(S, a[ao + 5 * PITCH]).fma(b0, s5a);
            s5b = FloatVector.broadcast(S, a[ao + 5 * PITCH]).fma(b1, s5b);
        }
        for (int i = ao + odd, j = bo + odd * NR; i < end; i += 2, j += 2 * NR) {
            FloatVector b0 = FloatVector.fromArray(S, b, j);
            FloatVector b1 = FloatVector.fromArray(S, b, j + L);
            FloatVector v0 = FloatVector.broadcast(S, a[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            loadLoadFence();
            FloatVector v1 = FloatVector.broadcast(S, a[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            loadLoadFence();
            FloatVector v2 = FloatVector.broadcast(S, a[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            loadLoadFence();
            FloatVector v3 = FloatVector.broadcast(S, a[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
            loadLoadFence();
            FloatVector v4 = FloatVector.broadcast(S, a[i + 4 * PITCH]);
            s4a = v4.fma(b0, s4a);
            s4b = v4.fma(b1, s4b);
            loadLoadFence();
            FloatVector v5 = FloatVector.broadcast(S, a[i + 5 * PITCH]);
            s5a = v5.fma(b0, s5a);
            s5b = v5.fma(b1, s5b);
            loadLoadFence();
            FloatVector d0 = FloatVector.fromArray(S, b, j + NR);
            FloatVector d1 = FloatVector.fromArray(S, b, j + NR + L);
            FloatVector w0 = FloatVector.broadcast(S, a[i + 1]);
            s0a = w0.fma(d0, s0a);
            s0b = w0.fma(d1, s0b);
            loadLoadFence();
            FloatVector w1 = FloatVector.broadcast(S, a[i + PITCH + 1]);
            s1a = w1.fma(d0, s1a);
            s1b = w1.fma(d1, s1b);
            loadLoadFence();
            FloatVector w2 = FloatVector.broadcast(S, a[i + 2 * PITCH + 1]);
            s2a = w2.fma(d0, s2a);
            s2b = w2.fma(d1, s2b);
            loadLoadFence();
            FloatVector w3 = FloatVector.broadcast(S, a[i + 3 * PITCH + 1]);
            s3a = w3.fma(d0, s3a);
            s3b = w3.fma(d1, s3b);
            loadLoadFence();
            FloatVector w4 = FloatVector.broadcast(S, a[i + 4 * PITCH + 1]);
            s4a = w4.fma(d0, s4a);
            s4b = w4.fma(d1, s4b);
            loadLoadFence();
            FloatVector w5 = FloatVector.broadcast(S, a[i + 5 * PITCH + 1]);
            s5a = w5.fma(d0, s5a);
            s5b = w5.fma(d1, s5b);
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

    private static void tile2(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0a = FloatVector.fromArray(S, f, fo);
        FloatVector s0b = FloatVector.fromArray(S, f, fo + L);
        FloatVector s1a = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s1b = FloatVector.fromArray(S, f, fo + fs + L);
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
        }
        s0a.intoArray(c, co);
        s0b.intoArray(c, co + L);
        s1a.intoArray(c, co + cs);
        s1b.intoArray(c, co + cs + L);
    }

    private static void half6(
            int k, float[] a, int ao, float[] b, int bo, float[] f, int fo, int fs, float[] c, int co, int cs) {
        FloatVector s0 = FloatVector.fromArray(S, f, fo);
        FloatVector s1 = FloatVector.fromArray(S, f, fo + fs);
        FloatVector s2 = FloatVector.fromArray(S, f, fo + 2 * fs);
        FloatVector s3 = FloatVector.fromArray(S, f, fo + 3 * fs);
        FloatVector s4 = FloatVector.fromArray(S, f, fo + 4 * fs);
        FloatVector s5 = FloatVector.fromArray(S, f, fo + 5 * fs);
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
        }
        s0.intoArray(c, co);
        s1.intoArray(c, co + cs);
        s2.intoArray(c, co + 2 * cs);
        s3.intoArray(c, co + 3 * cs);
        s4.intoArray(c, co + 4 * cs);
        s5.intoArray(c, co + 5 * cs);
    }
}
