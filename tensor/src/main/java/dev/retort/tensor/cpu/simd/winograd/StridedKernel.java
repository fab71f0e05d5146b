package dev.retort.tensor.cpu.simd.winograd;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The register tiles of [WinogradStrided]: few channels, a panel of two vectors of filters at a time.
///
/// Values of channels lie [#PITCH] floats apart from tile to tile, so that one register holds all their positions. What
/// is transformed for each vector of filters lies by itself: whole cache lines are written and read. Fences
/// keep C2 from loading six values at once, as in
/// [FencedKernel][dev.retort.tensor.cpu.simd.product.FencedKernel].
final class StridedKernel {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    /// Floats of a tile's channels at one point, and the most channels.
    static final int PITCH = 16;
    /// Channels of a tile of registers of [#outer].
    static final int ROWS = 6;

    private StridedKernel() {}

    /// Tiles to compute for `count`: whole register tiles of six and four.
    static int padded(int count) {
        return Math.max(4, count + (count & 1));
    }

    /// `m[mo + t * L + f] = sum over p < depth of v[vo + t * PITCH + p] * u[uo + p * NR + f]` for a padded number of
    /// tiles t and the first vector of filters f; those of the second likewise from `m[m1]` on.
    static void product(int tiles, int depth, float[] v, int vo, float[] u, int uo, float[] m, int mo, int m1) {
        for (int t = 0; t < tiles; ) {
            if ((tiles - t) % 6 == 0) {
                tile6(depth, v, vo + t * PITCH, u, uo, m, mo + t * L, m1 + t * L);
                t += 6;
            } else {
                tile4(depth, v, vo + t * PITCH, u, uo, m, mo + t * L, m1 + t * L);
                t += 4;
            }
        }
    }

    private static void tile6(int depth, float[] v, int vo, float[] u, int uo, float[] m, int mo, int m1) {
        FloatVector s0a = FloatVector.zero(S);
        FloatVector s0b = FloatVector.zero(S);
        FloatVector s1a = FloatVector.zero(S);
        FloatVector s1b = FloatVector.zero(S);
        FloatVector s2a = FloatVector.zero(S);
        FloatVector s2b = FloatVector.zero(S);
        FloatVector s3a = FloatVector.zero(S);
        FloatVector s3b = FloatVector.zero(S);
        FloatVector s4a = FloatVector.zero(S);
        FloatVector s4b = FloatVector.zero(S);
        FloatVector s5a = FloatVector.zero(S);
        FloatVector s5b = FloatVector.zero(S);
        int end = vo + depth;
        for (int i = vo, j = uo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, u, j);
            FloatVector b1 = FloatVector.fromArray(S, u, j + L);
            FloatVector v0 = FloatVector.broadcast(S, v[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            loadLoadFence();
            FloatVector v1 = FloatVector.broadcast(S, v[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            loadLoadFence();
            FloatVector v2 = FloatVector.broadcast(S, v[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            loadLoadFence();
            FloatVector v3 = FloatVector.broadcast(S, v[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
            loadLoadFence();
            FloatVector v4 = FloatVector.broadcast(S, v[i + 4 * PITCH]);
            s4a = v4.fma(b0, s4a);
            s4b = v4.fma(b1, s4b);
            loadLoadFence();
            FloatVector v5 = FloatVector.broadcast(S, v[i + 5 * PITCH]);
            s5a = v5.fma(b0, s5a);
            s5b = v5.fma(b1, s5b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, m1);
        s1a.intoArray(m, mo + L);
        s1b.intoArray(m, m1 + L);
        s2a.intoArray(m, mo + 2 * L);
        s2b.intoArray(m, m1 + 2 * L);
        s3a.intoArray(m, mo + 3 * L);
        s3b.intoArray(m, m1 + 3 * L);
        s4a.intoArray(m, mo + 4 * L);
        s4b.intoArray(m, m1 + 4 * L);
        s5a.intoArray(m, mo + 5 * L);
        s5b.intoArray(m, m1 + 5 * L);
    }

    private static void tile4(int depth, float[] v, int vo, float[] u, int uo, float[] m, int mo, int m1) {
        FloatVector s0a = FloatVector.zero(S);
        FloatVector s0b = FloatVector.zero(S);
        FloatVector s1a = FloatVector.zero(S);
        FloatVector s1b = FloatVector.zero(S);
        FloatVector s2a = FloatVector.zero(S);
        FloatVector s2b = FloatVector.zero(S);
        FloatVector s3a = FloatVector.zero(S);
        FloatVector s3b = FloatVector.zero(S);
        int end = vo + depth;
        for (int i = vo, j = uo; i < end; i++, j += NR) {
            FloatVector b0 = FloatVector.fromArray(S, u, j);
            FloatVector b1 = FloatVector.fromArray(S, u, j + L);
            FloatVector v0 = FloatVector.broadcast(S, v[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            FloatVector v1 = FloatVector.broadcast(S, v[i + PITCH]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            FloatVector v2 = FloatVector.broadcast(S, v[i + 2 * PITCH]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            FloatVector v3 = FloatVector.broadcast(S, v[i + 3 * PITCH]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, m1);
        s1a.intoArray(m, mo + L);
        s1b.intoArray(m, m1 + L);
        s2a.intoArray(m, mo + 2 * L);
        s2b.intoArray(m, m1 + 2 * L);
        s3a.intoArray(m, mo + 3 * L);
        s3b.intoArray(m, m1 + 3 * L);
    }

    /// `g[go + r * NR + f] += sum over t < tiles of v[vo + t * PITCH + r] * z[zo + t * L + f]` for
    /// [#ROWS] channels r and the first vector of filters f; those of the second likewise, from `z[z1]`
    /// on.
    static void outer(int tiles, float[] v, int vo, float[] z, int zo, int z1, float[] g, int go) {
        FloatVector s0a = FloatVector.fromArray(S, g, go);
        FloatVector s0b = FloatVector.fromArray(S, g, go + L);
        FloatVector s1a = FloatVector.fromArray(S, g, go + NR);
        FloatVector s1b = FloatVector.fromArray(S, g, go + NR + L);
        FloatVector s2a = FloatVector.fromArray(S, g, go + 2 * NR);
        FloatVector s2b = FloatVector.fromArray(S, g, go + 2 * NR + L);
        FloatVector s3a = FloatVector.fromArray(S, g, go + 3 * NR);
        FloatVector s3b = FloatVector.fromArray(S, g, go + 3 * NR + L);
        FloatVector s4a = FloatVector.fromArray(S, g, go + 4 * NR);
        FloatVector s4b = FloatVector.fromArray(S, g, go + 4 * NR + L);
        FloatVector s5a = FloatVector.fromArray(S, g, go + 5 * NR);
        FloatVector s5b = FloatVector.fromArray(S, g, go + 5 * NR + L);
        for (int t = 0, i = vo, j0 = zo, j1 = z1; t < tiles; t++, i += PITCH, j0 += L, j1 += L) {
            FloatVector b0 = FloatVector.fromArray(S, z, j0);
            FloatVector b1 = FloatVector.fromArray(S, z, j1);
            FloatVector v0 = FloatVector.broadcast(S, v[i]);
            s0a = v0.fma(b0, s0a);
            s0b = v0.fma(b1, s0b);
            loadLoadFence();
            FloatVector v1 = FloatVector.broadcast(S, v[i + 1]);
            s1a = v1.fma(b0, s1a);
            s1b = v1.fma(b1, s1b);
            loadLoadFence();
            FloatVector v2 = FloatVector.broadcast(S, v[i + 2]);
            s2a = v2.fma(b0, s2a);
            s2b = v2.fma(b1, s2b);
            loadLoadFence();
            FloatVector v3 = FloatVector.broadcast(S, v[i + 3]);
            s3a = v3.fma(b0, s3a);
            s3b = v3.fma(b1, s3b);
            loadLoadFence();
            FloatVector v4 = FloatVector.broadcast(S, v[i + 4]);
            s4a = v4.fma(b0, s4a);
            s4b = v4.fma(b1, s4b);
            loadLoadFence();
            FloatVector v5 = FloatVector.broadcast(S, v[i + 5]);
            s5a = v5.fma(b0, s5a);
            s5b = v5.fma(b1, s5b);
        }
        s0a.intoArray(g, go);
        s0b.intoArray(g, go + L);
        s1a.intoArray(g, go + NR);
        s1b.intoArray(g, go + NR + L);
        s2a.intoArray(g, go + 2 * NR);
        s2b.intoArray(g, go + 2 * NR + L);
        s3a.intoArray(g, go + 3 * NR);
        s3b.intoArray(g, go + 3 * NR + L);
        s4a.intoArray(g, go + 4 * NR);
        s4b.intoArray(g, go + 4 * NR + L);
        s5a.intoArray(g, go + 5 * NR);
        s5b.intoArray(g, go + 5 * NR + L);
    }
}
