package dev.retort.tensor.cpu.simd.winograd;

import static java.lang.invoke.VarHandle.loadLoadFence;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The product of [WinogradProduct] for processors with 16 vector registers and up to 64 channels: tiles of six rows
/// with fences and two steps a turn, as in [FencedKernel].
///
/// They pay only where rows lie a constant distance apart, so that one register points to all. So the channels
/// of a tile lie [#PITCH] floats behind those of the tile before it. With more channels a larger distance gained
/// nothing that could be told from noise, and blocks of channels lost (docs/design-notes.md).
final class WinogradSixes {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    /// Floats from tile to tile, and the most channels.
    static final int PITCH = 64;
    /// Channels below which tiles of four are as fast.
    private static final int MIN_CHANNELS = 32;

    private WinogradSixes() {}

    /// Whether a product of so many channels with so many padded filters is done this way.
    static boolean suits(int channels, int width) {
        boolean few = channels >= MIN_CHANNELS && channels <= PITCH && channels % 2 == 0;
        return FencedKernel.AVAILABLE && WinogradProduct.FOURS && few && width % NR == 0;
    }

    /// The product for `count` tiles, a multiple of four.
    static void run(int count, int depth, int width, float[] v, int vo, float[] u, int uo, float[] m, int mo) {
        int fours = 4 * count % 12; // so many rows in tiles of four leave whole tiles of six
        for (int j = 0; j < width; j += NR) {
            int panel = uo + j * depth;
            int to = mo + j;
            for (int i = 0; i < fours; i += 4) {
                tile4(depth, v, vo + i * PITCH, u, panel, m, to + i * width, width);
            }
            for (int i = fours; i < count; i += 6) {
                tile6(depth, v, vo + i * PITCH, u, panel, m, to + i * width, width);
            }
        }
    }

    /// Six tiles by two vectors of filters; rows of M are `ms` apart.
    private static void tile6(int depth, float[] v, int vo, float[] u, int uo, float[] m, int mo, int ms) {
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
        for (int i = vo, j = uo; i < end; i += 2, j += 2 * NR) {
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
            loadLoadFence();
            FloatVector d0 = FloatVector.fromArray(S, u, j + NR);
            FloatVector d1 = FloatVector.fromArray(S, u, j + NR + L);
            FloatVector w0 = FloatVector.broadcast(S, v[i + 1]);
            s0a = w0.fma(d0, s0a);
            s0b = w0.fma(d1, s0b);
            loadLoadFence();
            FloatVector w1 = FloatVector.broadcast(S, v[i + PITCH + 1]);
            s1a = w1.fma(d0, s1a);
            s1b = w1.fma(d1, s1b);
            loadLoadFence();
            FloatVector w2 = FloatVector.broadcast(S, v[i + 2 * PITCH + 1]);
            s2a = w2.fma(d0, s2a);
            s2b = w2.fma(d1, s2b);
            loadLoadFence();
            FloatVector w3 = FloatVector.broadcast(S, v[i + 3 * PITCH + 1]);
            s3a = w3.fma(d0, s3a);
            s3b = w3.fma(d1, s3b);
            loadLoadFence();
            FloatVector w4 = FloatVector.broadcast(S, v[i + 4 * PITCH + 1]);
            s4a = w4.fma(d0, s4a);
            s4b = w4.fma(d1, s4b);
            loadLoadFence();
            FloatVector w5 = FloatVector.broadcast(S, v[i + 5 * PITCH + 1]);
            s5a = w5.fma(d0, s5a);
            s5b = w5.fma(d1, s5b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, mo + L);
        s1a.intoArray(m, mo + ms);
        s1b.intoArray(m, mo + ms + L);
        s2a.intoArray(m, mo + 2 * ms);
        s2b.intoArray(m, mo + 2 * ms + L);
        s3a.intoArray(m, mo + 3 * ms);
        s3b.intoArray(m, mo + 3 * ms + L);
        s4a.intoArray(m, mo + 4 * ms);
        s4b.intoArray(m, mo + 4 * ms + L);
        s5a.intoArray(m, mo + 5 * ms);
        s5b.intoArray(m, mo + 5 * ms + L);
    }

    /// The same for four tiles.
    private static void tile4(int depth, float[] v, int vo, float[] u, int uo, float[] m, int mo, int ms) {
        FloatVector s0a = FloatVector.zero(S);
        FloatVector s0b = FloatVector.zero(S);
        FloatVector s1a = FloatVector.zero(S);
        FloatVector s1b = FloatVector.zero(S);
        FloatVector s2a = FloatVector.zero(S);
        FloatVector s2b = FloatVector.zero(S);
        FloatVector s3a = FloatVector.zero(S);
        FloatVector s3b = FloatVector.zero(S);
        int end = vo + depth;
        for (int i = vo, j = uo; i < end; i += 2, j += 2 * NR) {
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
            FloatVector d0 = FloatVector.fromArray(S, u, j + NR);
            FloatVector d1 = FloatVector.fromArray(S, u, j + NR + L);
            FloatVector w0 = FloatVector.broadcast(S, v[i + 1]);
            s0a = w0.fma(d0, s0a);
            s0b = w0.fma(d1, s0b);
            loadLoadFence();
            FloatVector w1 = FloatVector.broadcast(S, v[i + PITCH + 1]);
            s1a = w1.fma(d0, s1a);
            s1b = w1.fma(d1, s1b);
            loadLoadFence();
            FloatVector w2 = FloatVector.broadcast(S, v[i + 2 * PITCH + 1]);
            s2a = w2.fma(d0, s2a);
            s2b = w2.fma(d1, s2b);
            loadLoadFence();
            FloatVector w3 = FloatVector.broadcast(S, v[i + 3 * PITCH + 1]);
            s3a = w3.fma(d0, s3a);
            s3b = w3.fma(d1, s3b);
        }
        s0a.intoArray(m, mo);
        s0b.intoArray(m, mo + L);
        s1a.intoArray(m, mo + ms);
        s1b.intoArray(m, mo + ms + L);
        s2a.intoArray(m, mo + 2 * ms);
        s2b.intoArray(m, mo + 2 * ms + L);
        s3a.intoArray(m, mo + 3 * ms);
        s3b.intoArray(m, mo + 3 * ms + L);
    }
}
