package dev.retort.tensor.cpu.simd.winograd;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The product of [WinogradTileLanes] at one point, for two vectors of tiles: `M[filters x NR] = U' V[channels x NR]`.
///
/// Tiles are lanes and kernels the operand that is broadcast, in tiles of six filters with fences as in
/// [FencedKernel]. U lies as [WinogradKernels] leaves it, in panels of NR filters, which six, six and four
/// make whole. Each element is one chain of fused multiply-adds over the channels upwards, as in [WinogradProduct].
final class TileLaneProduct {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;

    private TileLaneProduct() {}

    /// Whether the tiles of filters make the panels of this machine whole.
    static boolean available() {
        return FencedKernel.AVAILABLE && NR == 16;
    }

    /// The product for a whole number of panels of filters.
    static void run(int depth, int filters, float[] u, int uo, float[] v, int vo, float[] m, int mo) {
        for (int f = 0; f < filters; f += NR) {
            int panel = uo + f * depth;
            int to = mo + f * NR;
            tile6(depth, u, panel, v, vo, m, to);
            tile6(depth, u, panel + 6, v, vo, m, to + 6 * NR);
            tile4(depth, u, panel + 12, v, vo, m, to + 12 * NR);
        }
    }

    /// Six filters.
    private static void tile6(int depth, float[] u, int uo, float[] v, int vo, float[] m, int mo) {
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
        int end = uo + depth * NR;
        for (int i = uo, q = vo; i < end; i += NR, q += NR) {
            FloatVector va = FloatVector.fromArray(S, v, q);
            FloatVector vb = FloatVector.fromArray(S, v, q + L);
            FloatVector u0 = FloatVector.broadcast(S, u[i]);
            s0a = u0.fma(va, s0a);
            s0b = u0.fma(vb, s0b);
            loadLoadFence();
            FloatVector u1 = FloatVector.broadcast(S, u[i + 1]);
            s1a = u1.fma(va, s1a);
            s1b = u1.fma(vb, s1b);
            loadLoadFence();
            FloatVector u2 = FloatVector.broadcast(S, u[i + 2]);
            s2a = u2.fma(va, s2a);
            s2b = u2.fma(vb, s2b);
            loadLoadFence();
            FloatVector u3 = FloatVector.broadcast(S, u[i + 3]);
            s3a = u3.fma(va, s3a);
            s3b = u3.fma(vb, s3b);
            loadLoadFence();
            FloatVector u4 = FloatVector.broadcast(S, u[i + 4]);
            s4a = u4.fma(va, s4a);
            s4b = u4.fma(vb, s4b);
            loadLoadFence();
            FloatVector u5 = FloatVector.broadcast(S, u[i + 5]);
            s5a = u5.fma(va, s5a);
            s5b = u5.fma(vb, s5b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, mo + L);
        s1a.intoArray(m, mo + NR);
        s1b.intoArray(m, mo + NR + L);
        s2a.intoArray(m, mo + 2 * NR);
        s2b.intoArray(m, mo + 2 * NR + L);
        s3a.intoArray(m, mo + 3 * NR);
        s3b.intoArray(m, mo + 3 * NR + L);
        s4a.intoArray(m, mo + 4 * NR);
        s4b.intoArray(m, mo + 4 * NR + L);
        s5a.intoArray(m, mo + 5 * NR);
        s5b.intoArray(m, mo + 5 * NR + L);
    }

    /// Four filters.
    private static void tile4(int depth, float[] u, int uo, float[] v, int vo, float[] m, int mo) {
        FloatVector s0a = FloatVector.zero(S);
        FloatVector s0b = FloatVector.zero(S);
        FloatVector s1a = FloatVector.zero(S);
        FloatVector s1b = FloatVector.zero(S);
        FloatVector s2a = FloatVector.zero(S);
        FloatVector s2b = FloatVector.zero(S);
        FloatVector s3a = FloatVector.zero(S);
        FloatVector s3b = FloatVector.zero(S);
        int end = uo + depth * NR;
        for (int i = uo, q = vo; i < end; i += NR, q += NR) {
            FloatVector va = FloatVector.fromArray(S, v, q);
            FloatVector vb = FloatVector.fromArray(S, v, q + L);
            FloatVector u0 = FloatVector.broadcast(S, u[i]);
            s0a = u0.fma(va, s0a);
            s0b = u0.fma(vb, s0b);
            loadLoadFence();
            FloatVector u1 = FloatVector.broadcast(S, u[i + 1]);
            s1a = u1.fma(va, s1a);
            s1b = u1.fma(vb, s1b);
            loadLoadFence();
            FloatVector u2 = FloatVector.broadcast(S, u[i + 2]);
            s2a = u2.fma(va, s2a);
            s2b = u2.fma(vb, s2b);
            loadLoadFence();
            FloatVector u3 = FloatVector.broadcast(S, u[i + 3]);
            s3a = u3.fma(va, s3a);
            s3b = u3.fma(vb, s3b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, mo + L);
        s1a.intoArray(m, mo + NR);
        s1b.intoArray(m, mo + NR + L);
        s2a.intoArray(m, mo + 2 * NR);
        s2b.intoArray(m, mo + 2 * NR + L);
        s3a.intoArray(m, mo + 3 * NR);
        s3b.intoArray(m, mo + 3 * NR + L);
    }
}
