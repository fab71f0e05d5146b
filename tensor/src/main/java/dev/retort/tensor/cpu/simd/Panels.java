package dev.retort.tensor.cpu.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Packs slices of a strided matrix into panels that the micro-kernel reads front to back.
///
/// A panel of width `r` holds, for each step along the summed dimension, `r` neighbouring values: `dst[p
/// * r + i]` is
/// element `i` across, `p` along. Any pair of strides is accepted, so transposes and views cost nothing
/// extra.
/// Values beyond the matrix are zero.
final class Panels {
    /// The values of one step of a panel of rows, where they are no more than a vector.
    private static final VectorSpecies<Float> ROW =
            VectorSpecies.of(float.class, VectorShape.forBitSize(Float.SIZE * Math.min(GemmKernel.MR, Lanes.LENGTH)));

    private Panels() {}

    /// Packs one panel: `width` (at most `r`) elements across, `depth` along.
    static void pack(float[] src, int off, int across, int along, int width, int r, int depth, float[] dst, int d) {
        if (width < r) {
            java.util.Arrays.fill(dst, d, d + depth * r, 0f);
            packNarrow(src, off, across, along, width, r, depth, dst, d);
        } else if (across == 1) {
            copyRows(src, off, along, r, depth, dst, d);
        } else {
            for (int i = 0; i < r; i += 4) {
                transposeFour(src, off + i * across, across, along, r, depth, dst, d + i);
            }
        }
    }

    private static void packNarrow(
            float[] src, int off, int across, int along, int width, int r, int depth, float[] dst, int d) {
        for (int p = 0; p < depth; p++) {
            int s = off + p * along;
            int t = d + p * r;
            for (int i = 0; i < width; i++) {
                dst[t + i] = src[s + i * across];
            }
        }
    }

    private static void copyRows(float[] src, int off, int along, int r, int depth, float[] dst, int d) {
        if (r % Lanes.LENGTH != 0) {
            copyPanels(src, off, along, 1, depth, dst, d);
            return;
        }
        int s = off;
        int t = d;
        for (int p = 0; p < depth; p++, s += along, t += r) {
            for (int i = 0; i < r; i += Lanes.LENGTH) {
                FloatVector.fromArray(Lanes.SPECIES, src, s + i).intoArray(dst, t + i);
            }
        }
    }

    /// Packs `count` neighbouring panels of [GemmKernel#MR] neighbouring values: every step reads its values of all
    /// panels front to back, since steps lie far apart and may fall into the same few sets of the cache.
    static void copyPanels(float[] src, int off, int along, int count, int depth, float[] dst, int d) {
        for (int p = 0; p < depth; p++) {
            int s = off + p * along;
            int t = d + p * GemmKernel.MR;
            for (int i = 0; i < count; i++) {
                FloatVector.fromArray(ROW, src, s).intoArray(dst, t);
                s += GemmKernel.MR;
                t += depth * GemmKernel.MR;
            }
        }
    }

    /// Four columns at a time: four streams are read forwards and each store touches one line only.
    private static void transposeFour(
            float[] src, int off, int across, int along, int r, int depth, float[] dst, int d) {
        int s1 = off + across;
        int s2 = s1 + across;
        int s3 = s2 + across;
        for (int p = 0; p < depth; p++) {
            int s = p * along;
            int t = d + p * r;
            dst[t] = src[off + s];
            dst[t + 1] = src[s1 + s];
            dst[t + 2] = src[s2 + s];
            dst[t + 3] = src[s3 + s];
        }
    }
}
