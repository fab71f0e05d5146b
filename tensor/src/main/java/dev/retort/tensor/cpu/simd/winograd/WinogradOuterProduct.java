package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.PanelProduct;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The product of [WinogradWeightGrad]: `G[filters x channels] += Z[tiles x filters]' V[tiles x channels]`.
///
/// Filters and channels are multiples of [WinogradProduct#PAD]. Each element is one chain over the tiles upwards, or a
/// sum of one chain a block.
final class WinogradOuterProduct {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int MR = GemmKernel.ROWS;
    private static final int NR = GemmKernel.NR;
    /// Filters that are worth packing both operands for tiles of six rows, where there are 16 registers.
    private static final int PACKED_FILTERS = 48;

    private WinogradOuterProduct() {}

    /// Adds to the sums, or with `first` overwrites them.
    static void run(
            boolean first,
            int tiles,
            int filters,
            int channels,
            float[] z,
            int zo,
            float[] v,
            int vo,
            float[] g,
            int go) {
        int packed = FencedKernel.AVAILABLE && filters >= PACKED_FILTERS ? channels / NR * NR : 0;
        if (packed > 0) {
            packed(first, packed, tiles, filters, channels, z, zo, v, vo, g, go);
        }
        for (int j = packed; j < channels; j += NR) {
            boolean wide = channels - j >= NR;
            int rows = wide ? MR : 2 * MR;
            for (int i = 0; i < filters; i += rows) {
                int to = go + i * channels + j;
                if (first) {
                    for (int r = 0; r < rows; r++) {
                        Arrays.fill(g, to + r * channels, to + r * channels + (wide ? NR : L), 0f);
                    }
                }
                tile(wide, tiles, z, zo + i, filters, v, vo + j, channels, g, to);
            }
        }
    }

    /// The first `columns` channels, a whole number of panels, with both operands packed: their own rows are often a
    /// power of two apart, and compete for a few sets of the first-level cache.
    private static void packed(
            boolean first,
            int columns,
            int tiles,
            int filters,
            int channels,
            float[] z,
            int zo,
            float[] v,
            int vo,
            float[] g,
            int go) {
        float[] ap = Scratch.floats(Scratch.GEMM_A, Math.ceilDiv(filters, GemmKernel.MR) * GemmKernel.MR * tiles);
        float[] bp = Scratch.lines(Scratch.GEMM_B, columns * tiles);
        PanelProduct.packRows(filters, tiles, z, zo, 1, filters, ap, 0);
        PanelProduct.packColumns(columns, tiles, v, vo, channels, 1, bp, Scratch.LINE);
        float[] f = first ? GemmKernel.ZEROS : g;
        int ldf = first ? 0 : channels;
        for (int j = 0; j < columns; j += NR) {
            int to = go + j;
            int panel = Scratch.LINE + j * tiles;
            PanelProduct.add(0, filters, 0, NR, tiles, ap, 0, bp, panel, f, first ? 0 : to, ldf, g, to, channels);
        }
    }

    private static void tile(
            boolean wide, int depth, float[] z, int zo, int ldz, float[] v, int vo, int ldv, float[] g, int go) {
        if (wide) {
            if (MR == 8) {
                tile8(depth, z, zo, ldz, v, vo, ldv, g, go, ldv);
            } else {
                tile4(depth, z, zo, ldz, v, vo, ldv, g, go, ldv);
            }
        } else if (MR == 8) {
            float[] t = Scratch.floats(Scratch.GEMM_TILE, 16 * L);
            tile16(depth, z, zo, ldz, v, vo, ldv, t);
            for (int i = 0; i < 16; i++) {
                BinaryLoops.add(g, go + i * ldv, t, i * L, g, go + i * ldv, L);
            }
        } else {
            narrow8(depth, z, zo, ldz, v, vo, ldv, g, go, ldv);
        }
    }

    /// Eight filters by two vectors of channels.
    private static void tile8(
            int depth, float[] z, int zo, int ldz, float[] v, int vo, int ldv, float[] g, int go, int ldg) {
        FloatVector s00 = FloatVector.fromArray(S, g, go);
        FloatVector s01 = FloatVector.fromArray(S, g, go + L);
        FloatVector s10 = FloatVector.fromArray(S, g, go + ldg);
        FloatVector s11 = FloatVector.fromArray(S, g, go + ldg + L);
        FloatVector s20 = FloatVector.fromArray(S, g, go + 2 * ldg);
        FloatVector s21 = FloatVector.fromArray(S, g, go + 2 * ldg + L);
        FloatVector s30 = FloatVector.fromArray(S, g, go + 3 * ldg);
        FloatVector s31 = FloatVector.fromArray(S, g, go + 3 * ldg + L);
        FloatVector s40 = FloatVector.fromArray(S, g, go + 4 * ldg);
        FloatVector s41 = FloatVector.fromArray(S, g, go + 4 * ldg + L);
        FloatVector s50 = FloatVector.fromArray(S, g, go + 5 * ldg);
        FloatVector s51 = FloatVector.fromArray(S, g, go + 5 * ldg + L);
        FloatVector s60 = FloatVector.fromArray(S, g, go + 6 * ldg);
        FloatVector s61 = FloatVector.fromArray(S, g, go + 6 * ldg + L);
        FloatVector s70 = FloatVector.fromArray(S, g, go + 7 * ldg);
        FloatVector s71 = FloatVector.fromArray(S, g, go + 7 * ldg + L);
        for (int p = 0, i = zo, q = vo; p < depth; p++, i += ldz, q += ldv) {
            FloatVector b0 = FloatVector.fromArray(S, v, q);
            FloatVector b1 = FloatVector.fromArray(S, v, q + L);
            FloatVector v0 = FloatVector.broadcast(S, z[i]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, z[i + 1]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, z[i + 2]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, z[i + 3]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
            FloatVector v4 = FloatVector.broadcast(S, z[i + 4]);
            s40 = v4.fma(b0, s40);
            s41 = v4.fma(b1, s41);
            FloatVector v5 = FloatVector.broadcast(S, z[i + 5]);
            s50 = v5.fma(b0, s50);
            s51 = v5.fma(b1, s51);
            FloatVector v6 = FloatVector.broadcast(S, z[i + 6]);
            s60 = v6.fma(b0, s60);
            s61 = v6.fma(b1, s61);
            FloatVector v7 = FloatVector.broadcast(S, z[i + 7]);
            s70 = v7.fma(b0, s70);
            s71 = v7.fma(b1, s71);
        }
        s00.intoArray(g, go);
        s01.intoArray(g, go + L);
        s10.intoArray(g, go + ldg);
        s11.intoArray(g, go + ldg + L);
        s20.intoArray(g, go + 2 * ldg);
        s21.intoArray(g, go + 2 * ldg + L);
        s30.intoArray(g, go + 3 * ldg);
        s31.intoArray(g, go + 3 * ldg + L);
        s40.intoArray(g, go + 4 * ldg);
        s41.intoArray(g, go + 4 * ldg + L);
        s50.intoArray(g, go + 5 * ldg);
        s51.intoArray(g, go + 5 * ldg + L);
        s60.intoArray(g, go + 6 * ldg);
        s61.intoArray(g, go + 6 * ldg + L);
        s70.intoArray(g, go + 7 * ldg);
        s71.intoArray(g, go + 7 * ldg + L);
    }

    /// Four filters by two vectors.
    private static void tile4(
            int depth, float[] z, int zo, int ldz, float[] v, int vo, int ldv, float[] g, int go, int ldg) {
        FloatVector s00 = FloatVector.fromArray(S, g, go);
        FloatVector s01 = FloatVector.fromArray(S, g, go + L);
        FloatVector s10 = FloatVector.fromArray(S, g, go + ldg);
        FloatVector s11 = FloatVector.fromArray(S, g, go + ldg + L);
        FloatVector s20 = FloatVector.fromArray(S, g, go + 2 * ldg);
        FloatVector s21 = FloatVector.fromArray(S, g, go + 2 * ldg + L);
        FloatVector s30 = FloatVector.fromArray(S, g, go + 3 * ldg);
        FloatVector s31 = FloatVector.fromArray(S, g, go + 3 * ldg + L);
        for (int p = 0, i = zo, q = vo; p < depth; p++, i += ldz, q += ldv) {
            FloatVector b0 = FloatVector.fromArray(S, v, q);
            FloatVector b1 = FloatVector.fromArray(S, v, q + L);
            FloatVector v0 = FloatVector.broadcast(S, z[i]);
            s00 = v0.fma(b0, s00);
            s01 = v0.fma(b1, s01);
            FloatVector v1 = FloatVector.broadcast(S, z[i + 1]);
            s10 = v1.fma(b0, s10);
            s11 = v1.fma(b1, s11);
            FloatVector v2 = FloatVector.broadcast(S, z[i + 2]);
            s20 = v2.fma(b0, s20);
            s21 = v2.fma(b1, s21);
            FloatVector v3 = FloatVector.broadcast(S, z[i + 3]);
            s30 = v3.fma(b0, s30);
            s31 = v3.fma(b1, s31);
        }
        s00.intoArray(g, go);
        s01.intoArray(g, go + L);
        s10.intoArray(g, go + ldg);
        s11.intoArray(g, go + ldg + L);
        s20.intoArray(g, go + 2 * ldg);
        s21.intoArray(g, go + 2 * ldg + L);
        s30.intoArray(g, go + 3 * ldg);
        s31.intoArray(g, go + 3 * ldg + L);
    }

    /// Sixteen filters by one vector, from zero: loading the sums as well is more than C2 inlines.
    private static void tile16(int depth, float[] z, int zo, int ldz, float[] v, int vo, int ldv, float[] t) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        FloatVector s3 = FloatVector.zero(S);
        FloatVector s4 = FloatVector.zero(S);
        FloatVector s5 = FloatVector.zero(S);
        FloatVector s6 = FloatVector.zero(S);
        FloatVector s7 = FloatVector.zero(S);
        FloatVector s8 = FloatVector.zero(S);
        FloatVector s9 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s12 = FloatVector.zero(S);
        FloatVector s13 = FloatVector.zero(S);
        FloatVector s14 = FloatVector.zero(S);
        FloatVector s15 = FloatVector.zero(S);
        for (int p = 0, i = zo, q = vo; p < depth; p++, i += ldz, q += ldv) {
            FloatVector b0 = FloatVector.fromArray(S, v, q);
            FloatVector v0 = FloatVector.broadcast(S, z[i]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, z[i + 1]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, z[i + 2]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, z[i + 3]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, z[i + 4]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, z[i + 5]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, z[i + 6]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, z[i + 7]);
            s7 = v7.fma(b0, s7);
            FloatVector v8 = FloatVector.broadcast(S, z[i + 8]);
            s8 = v8.fma(b0, s8);
            FloatVector v9 = FloatVector.broadcast(S, z[i + 9]);
            s9 = v9.fma(b0, s9);
            FloatVector v10 = FloatVector.broadcast(S, z[i + 10]);
            s10 = v10.fma(b0, s10);
            FloatVector v11 = FloatVector.broadcast(S, z[i + 11]);
            s11 = v11.fma(b0, s11);
            FloatVector v12 = FloatVector.broadcast(S, z[i + 12]);
            s12 = v12.fma(b0, s12);
            FloatVector v13 = FloatVector.broadcast(S, z[i + 13]);
            s13 = v13.fma(b0, s13);
            FloatVector v14 = FloatVector.broadcast(S, z[i + 14]);
            s14 = v14.fma(b0, s14);
            FloatVector v15 = FloatVector.broadcast(S, z[i + 15]);
            s15 = v15.fma(b0, s15);
        }
        s0.intoArray(t, 0);
        s1.intoArray(t, L);
        s2.intoArray(t, 2 * L);
        s3.intoArray(t, 3 * L);
        s4.intoArray(t, 4 * L);
        s5.intoArray(t, 5 * L);
        s6.intoArray(t, 6 * L);
        s7.intoArray(t, 7 * L);
        s8.intoArray(t, 8 * L);
        s9.intoArray(t, 9 * L);
        s10.intoArray(t, 10 * L);
        s11.intoArray(t, 11 * L);
        s12.intoArray(t, 12 * L);
        s13.intoArray(t, 13 * L);
        s14.intoArray(t, 14 * L);
        s15.intoArray(t, 15 * L);
    }

    /// Eight filters by one vector.
    private static void narrow8(
            int depth, float[] z, int zo, int ldz, float[] v, int vo, int ldv, float[] g, int go, int ldg) {
        FloatVector s0 = FloatVector.fromArray(S, g, go);
        FloatVector s1 = FloatVector.fromArray(S, g, go + ldg);
        FloatVector s2 = FloatVector.fromArray(S, g, go + 2 * ldg);
        FloatVector s3 = FloatVector.fromArray(S, g, go + 3 * ldg);
        FloatVector s4 = FloatVector.fromArray(S, g, go + 4 * ldg);
        FloatVector s5 = FloatVector.fromArray(S, g, go + 5 * ldg);
        FloatVector s6 = FloatVector.fromArray(S, g, go + 6 * ldg);
        FloatVector s7 = FloatVector.fromArray(S, g, go + 7 * ldg);
        for (int p = 0, i = zo, q = vo; p < depth; p++, i += ldz, q += ldv) {
            FloatVector b0 = FloatVector.fromArray(S, v, q);
            FloatVector v0 = FloatVector.broadcast(S, z[i]);
            s0 = v0.fma(b0, s0);
            FloatVector v1 = FloatVector.broadcast(S, z[i + 1]);
            s1 = v1.fma(b0, s1);
            FloatVector v2 = FloatVector.broadcast(S, z[i + 2]);
            s2 = v2.fma(b0, s2);
            FloatVector v3 = FloatVector.broadcast(S, z[i + 3]);
            s3 = v3.fma(b0, s3);
            FloatVector v4 = FloatVector.broadcast(S, z[i + 4]);
            s4 = v4.fma(b0, s4);
            FloatVector v5 = FloatVector.broadcast(S, z[i + 5]);
            s5 = v5.fma(b0, s5);
            FloatVector v6 = FloatVector.broadcast(S, z[i + 6]);
            s6 = v6.fma(b0, s6);
            FloatVector v7 = FloatVector.broadcast(S, z[i + 7]);
            s7 = v7.fma(b0, s7);
        }
        s0.intoArray(g, go);
        s1.intoArray(g, go + ldg);
        s2.intoArray(g, go + 2 * ldg);
        s3.intoArray(g, go + 3 * ldg);
        s4.intoArray(g, go + 4 * ldg);
        s5.intoArray(g, go + 5 * ldg);
        s6.intoArray(g, go + 6 * ldg);
        s7.intoArray(g, go + 7 * ldg);
    }
}
