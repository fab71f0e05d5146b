package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.SquareTranspose;
import jdk.incubator.vector.FloatVector;

/// Packs slices of a strided matrix into panels that the micro-kernel reads front to back.
///
/// A panel of width `r` holds, for each step along the summed dimension, `r` neighbouring values: `dst[p
/// * r + i]` is element `i` across, `p` along. Any pair of strides is accepted, so transposes and views
///   cost nothing extra. Values beyond the matrix are zero.
public final class Panels {
    /// Floats between the first and the last row of a panel that is gathered.
    private static final int NEAR = 4096;

    private Panels() {}

    /// Packs one panel: `width` (at most `r`) elements across, `depth` along.
    public static void pack(
            float[] src, int off, int across, int along, int width, int r, int depth, float[] dst, int d) {
        if (width < r || r % 2 != 0) {
            java.util.Arrays.fill(dst, d, d + depth * r, 0f);
            packNarrow(src, off, across, along, width, r, depth, dst, d);
        } else if (across == 1) {
            copyRows(src, off, along, r, depth, dst, d);
        } else if (along == 1 && SquareTranspose.suits(across) && r % SquareTranspose.SIZE == 0) {
            squares(src, off, across, r, depth, dst, d);
        } else if (along == 1 && gathers(across, r)) {
            gather(src, off, across, r, depth, dst, d);
        } else {
            int i = 0;
            for (; i <= r - 4; i += 4) {
                transposeFour(src, off + i * across, across, along, r, depth, dst, d + i);
            }
            if (i < r) {
                transposeTwo(src, off + i * across, across, along, r, depth, dst, d + i);
            }
        }
    }

    /// Whether gathering beats four streams: with AVX-512, and only where a panel's rows lie close enough for all their
    /// lines to stay in the first-level cache.
    private static boolean gathers(int across, int r) {
        return Lanes.LENGTH == 16 && across * r <= NEAR && r == GemmKernel.MR;
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
                System.arraycopy(src, s, dst, t, GemmKernel.MR);
                s += GemmKernel.MR;
                t += depth * GemmKernel.MR;
            }
        }
    }

    /// Packs `count` neighbouring panels of [GemmKernel#NR] neighbouring values: memory is read in its own order.
    static void copyColumns(float[] src, int off, int along, int count, int depth, float[] dst, int d) {
        for (int p = 0; p < depth; p++) {
            int s = off + p * along;
            int t = d + p * GemmKernel.NR;
            for (int i = 0; i < count; i++) {
                FloatVector.fromArray(Lanes.SPECIES, src, s).intoArray(dst, t);
                FloatVector.fromArray(Lanes.SPECIES, src, s + Lanes.LENGTH).intoArray(dst, t + Lanes.LENGTH);
                s += GemmKernel.NR;
                t += depth * GemmKernel.NR;
            }
        }
    }

    /// Steps lie next to each other: squares of steps and rows are transposed in registers.
    private static void squares(float[] src, int off, int across, int r, int depth, float[] dst, int d) {
        float[] t = SquareTranspose.scratch();
        int whole = depth / SquareTranspose.SIZE * SquareTranspose.SIZE;
        for (int p = 0; p < whole; p += SquareTranspose.SIZE) {
            for (int i = 0; i < r; i += SquareTranspose.SIZE) {
                SquareTranspose.run(src, off + i * across + p, across, dst, d + p * r + i, r, t);
            }
        }
        packNarrow(src, off + whole, across, 1, r, r, depth - whole, dst, d + whole * r);
    }

    /// Steps lie next to each other: two steps of eight rows are gathered at a time.
    private static void gather(float[] src, int off, int across, int r, int depth, float[] dst, int d) {
        int[] index = new int[Lanes.LENGTH];
        for (int i = 0; i < index.length; i++) {
            index[i] = i % r * across + i / r;
        }
        int p = 0;
        for (; p <= depth - 2; p += 2) {
            FloatVector.fromArray(Lanes.SPECIES, src, off + p, index, 0).intoArray(dst, d + p * r);
        }
        packNarrow(src, off + p, across, 1, r, r, depth - p, dst, d + p * r);
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

    private static void transposeTwo(
            float[] src, int off, int across, int along, int r, int depth, float[] dst, int d) {
        int s1 = off + across;
        for (int p = 0; p < depth; p++) {
            int s = p * along;
            int t = d + p * r;
            dst[t] = src[off + s];
            dst[t + 1] = src[s1 + s];
        }
    }
}
