package dev.retort.tensor.cpu.simd.winograd;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The products of [StridedTileLanes] at all points of F(4, 4), for two vectors of tiles and a few filters:
/// `M[filter][2 L] = sum over c < depth of U[c][filter] V[c][2 L]` a point.
///
/// Tiles of registers as in [TileLaneProduct], with fences as in
/// [FencedKernel][dev.retort.tensor.cpu.simd.product.FencedKernel]; kernels lie packed, filters innermost. Two channels
/// a turn took a third less time than one. Each element is one chain of fused multiply-adds over the channels upwards.
final class SevenProduct {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = 2 * L;
    /// Filters of a tile.
    static final int FILTERS = 6;
    /// Filters of the smaller tile, for the last ones.
    static final int FEW = 4;
    /// Floats from one point of M to the next, an odd number of cache lines.
    static final int SLOT = (FILTERS + 1) * NR;

    private SevenProduct() {}

    /// The products of points [from, to); `filters` is [#FILTERS] or [#FEW], `depth` even.
    static void run(int filters, int depth, int from, int to, float[] u, int uo, float[] v, int vo, float[] m, int mo) {
        for (int k = from; k < to; k++) {
            if (filters == FILTERS) {
                tile6(depth, u, uo + k * FILTERS * depth, v, vo + k * SevenLanes.SLOT, m, mo + k * SLOT);
            } else {
                tile4(depth, u, uo + k * FEW * depth, v, vo + k * SevenLanes.SLOT, m, mo + k * SLOT);
            }
        }
    }

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
        int end = vo + depth * NR;
        for (int i = uo, q = vo; q < end; i += 2 * FILTERS, q += 2 * NR) {
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
            loadLoadFence();
            FloatVector vc = FloatVector.fromArray(S, v, q + NR);
            FloatVector vd = FloatVector.fromArray(S, v, q + NR + L);
            FloatVector u6 = FloatVector.broadcast(S, u[i + 6]);
            s0a = u6.fma(vc, s0a);
            s0b = u6.fma(vd, s0b);
            loadLoadFence();
            FloatVector u7 = FloatVector.broadcast(S, u[i + 7]);
            s1a = u7.fma(vc, s1a);
            s1b = u7.fma(vd, s1b);
            loadLoadFence();
            FloatVector u8 = FloatVector.broadcast(S, u[i + 8]);
            s2a = u8.fma(vc, s2a);
            s2b = u8.fma(vd, s2b);
            loadLoadFence();
            FloatVector u9 = FloatVector.broadcast(S, u[i + 9]);
            s3a = u9.fma(vc, s3a);
            s3b = u9.fma(vd, s3b);
            loadLoadFence();
            FloatVector u10 = FloatVector.broadcast(S, u[i + 10]);
            s4a = u10.fma(vc, s4a);
            s4b = u10.fma(vd, s4b);
            loadLoadFence();
            FloatVector u11 = FloatVector.broadcast(S, u[i + 11]);
            s5a = u11.fma(vc, s5a);
            s5b = u11.fma(vd, s5b);
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

    private static void tile4(int depth, float[] u, int uo, float[] v, int vo, float[] m, int mo) {
        FloatVector s0a = FloatVector.zero(S);
        FloatVector s0b = FloatVector.zero(S);
        FloatVector s1a = FloatVector.zero(S);
        FloatVector s1b = FloatVector.zero(S);
        FloatVector s2a = FloatVector.zero(S);
        FloatVector s2b = FloatVector.zero(S);
        FloatVector s3a = FloatVector.zero(S);
        FloatVector s3b = FloatVector.zero(S);
        int end = vo + depth * NR;
        for (int i = uo, q = vo; q < end; i += 2 * FEW, q += 2 * NR) {
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
            FloatVector vc = FloatVector.fromArray(S, v, q + NR);
            FloatVector vd = FloatVector.fromArray(S, v, q + NR + L);
            FloatVector u4 = FloatVector.broadcast(S, u[i + 4]);
            s0a = u4.fma(vc, s0a);
            s0b = u4.fma(vd, s0b);
            loadLoadFence();
            FloatVector u5 = FloatVector.broadcast(S, u[i + 5]);
            s1a = u5.fma(vc, s1a);
            s1b = u5.fma(vd, s1b);
            loadLoadFence();
            FloatVector u6 = FloatVector.broadcast(S, u[i + 6]);
            s2a = u6.fma(vc, s2a);
            s2b = u6.fma(vd, s2b);
            loadLoadFence();
            FloatVector u7 = FloatVector.broadcast(S, u[i + 7]);
            s3a = u7.fma(vc, s3a);
            s3b = u7.fma(vd, s3b);
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
