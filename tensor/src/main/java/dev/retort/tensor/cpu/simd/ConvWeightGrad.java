package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Weight gradient of a convolution: `dw[o, c, t] = sum over (n, y, x) of dy[n, o, y, x] * x[n, c, at tap t of (y, x)]`.
///
/// Both operands lie along the summed dimension already, so nothing is transposed: [PaddedPlanes] turns every element
/// into a dot product of two contiguous ranges, and a tile of them shares its loads. Images are cut into a fixed number
/// of portions (by size alone); each portion has its own partial gradient, and they are added in order.
final class ConvWeightGrad {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Filters and taps of one register tile.
    private static final int TILE_F = 4;

    private static final int TILE_T = GemmKernel.MR == 8 ? 4 : 2;
    /// Summed positions in one pass over all tiles: both operands of a pass stay in the second-level cache.
    private static final int SPAN = 2048;
    /// Floats of padded source kept at once.
    private static final int SOURCE_LIMIT = 1 << 17;
    /// Floats that all partial gradients may take.
    private static final int PARTIAL_LIMIT = 1 << 22;

    private static final int MAX_PORTIONS = 16;
    /// Summed positions that make a portion worth its partial gradient, and a dot product worth its lane sum.
    private static final int PORTION_POSITIONS = 4096;
    /// Filters of a task when there are too few portions to share out.
    private static final int BLOCK_FILTERS = 32;

    private static final int MIN_TASKS = 8;

    private ConvWeightGrad() {}

    /// One group; `dw` starts at the group's first filter and is overwritten.
    static void group(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        int filters = s.groupFilters();
        int weights = filters * s.groupChannels() * s.taps();
        long positions = (long) s.batch() * s.outHeight() * s.outWidth();
        int portions = (int) Math.min(Math.min(MAX_PORTIONS, s.batch()), positions / PORTION_POSITIONS);
        portions = Math.max(1, Math.min(portions, PARTIAL_LIMIT / weights));
        int blocks = Math.min((filters + BLOCK_FILTERS - 1) / BLOCK_FILTERS, (MIN_TASKS + portions - 1) / portions);
        int blockFilters = ((filters + blocks - 1) / blocks + TILE_F - 1) / TILE_F * TILE_F;
        float[] partial = Scratch.floats(Scratch.CONV_PARTIAL, portions * weights);
        int count = portions;
        Parallel.forRange(count * blocks, 1, (from, to) -> {
            for (int task = from; task < to; task++) {
                int portion = task / blocks;
                int f0 = task % blocks * blockFilters;
                int f1 = Math.min(filters, f0 + blockFilters);
                if (f0 < f1) {
                    int n0 = (int) ((long) portion * s.batch() / count);
                    int n1 = (int) ((long) (portion + 1) * s.batch() / count);
                    portion(s, group, f0, f1, n0, n1, dy, dyo, x, xo, partial, portion * weights);
                }
            }
        });
        System.arraycopy(partial, 0, dw, dwo, weights);
        for (int p = 1; p < portions; p++) {
            for (int i = 0; i < weights; i++) {
                dw[dwo + i] += partial[p * weights + i];
            }
        }
    }

    /// Filters [f0, f1) summed over images [n0, n1) into the partial gradient at `po`.
    private static void portion(
            ConvShape s, int group, int f0, int f1, int n0, int n1,
            float[] dy, int dyo, float[] x, int xo, float[] partial, int po) {
        int channels = s.groupChannels();
        int row = channels * s.taps();
        Arrays.fill(partial, po + f0 * row, po + f1 * row, 0f);
        ConvTaps taps = ConvTaps.forward(s);
        int oh = s.outHeight();
        int ow = s.outWidth();
        PaddedPlanes one =
                new PaddedPlanes(taps, s.height(), s.width(), s.strideH(), s.strideW(), oh, ow, 1);
        int step = Math.max(1, Math.min(n1 - n0, 4 * SPAN / one.image));
        PaddedPlanes planes =
                new PaddedPlanes(taps, s.height(), s.width(), s.strideH(), s.strideW(), oh, ow, step);
        int blockChannels = Math.max(1, Math.min(channels, SOURCE_LIMIT / planes.channel));
        float[] grid = Scratch.floats(Scratch.PLANE_GRAD, (f1 - f0) * planes.length);
        float[] source = Scratch.floats(Scratch.PLANE, blockChannels * planes.channel);
        int plane = s.height() * s.width();
        for (int n = n0; n < n1; n += step) {
            int images = Math.min(step, n1 - n);
            for (int f = f0; f < f1; f++) {
                int at = dyo + (n * s.filters() + group * s.groupFilters() + f) * oh * ow;
                planes.fillGrid(dy, at, s.filters() * oh * ow, images, grid, (f - f0) * planes.length);
            }
            for (int c0 = 0; c0 < channels; c0 += blockChannels) {
                int c1 = Math.min(channels, c0 + blockChannels);
                for (int c = c0; c < c1; c++) {
                    int at = xo + (n * s.channels() + group * channels + c) * plane;
                    planes.fillSource(x, at, s.channels() * plane, images, source, (c - c0) * planes.channel);
                }
                int w = po + f0 * row + c0 * s.taps();
                dots(planes, f1 - f0, c1 - c0, grid, source, partial, w, row);
            }
        }
    }

    /// Adds all dot products of `filters` grid rows with `channels` times taps source ranges.
    private static void dots(
            PaddedPlanes planes, int filters, int channels, float[] grid, float[] source, float[] dw, int w, int row) {
        int taps = planes.offset.length;
        int columns = channels * taps;
        int[] at = new int[columns + TILE_T];
        for (int j = 0; j < at.length; j++) {
            int k = Math.min(j, columns - 1); // a partial tile repeats its last column and drops the result
            at[j] = k / taps * planes.channel + planes.offset[k % taps];
        }
        float[] tile = Scratch.floats(Scratch.GEMM_TILE, TILE_F * TILE_T);
        for (int p = 0; p < planes.length; p += SPAN) {
            int span = Math.min(SPAN, planes.length - p);
            for (int f = 0; f < filters; f += TILE_F) {
                int f1 = Math.min(f + 1, filters - 1) * planes.length + p;
                int f2 = Math.min(f + 2, filters - 1) * planes.length + p;
                int f3 = Math.min(f + 3, filters - 1) * planes.length + p;
                int height = Math.min(TILE_F, filters - f);
                for (int j = 0; j < columns; j += TILE_T) {
                    if (TILE_T == 4) {
                        tile4(span, grid, f * planes.length + p, f1, f2, f3,
                                source, at[j] + p, at[j + 1] + p, at[j + 2] + p, at[j + 3] + p, tile);
                    } else {
                        tile2(span, grid, f * planes.length + p, f1, f2, f3, source, at[j] + p, at[j + 1] + p, tile);
                    }
                    int width = Math.min(TILE_T, columns - j);
                    for (int i = 0; i < height; i++) {
                        for (int k = 0; k < width; k++) {
                            dw[w + (f + i) * row + j + k] += tile[i * TILE_T + k];
                        }
                    }
                }
            }
        }
    }

    private static void tile4(
            int n, float[] g, int g0, int g1, int g2, int g3, float[] x, int x0, int x1, int x2, int x3, float[] t) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
        for (int p = 0; p < n; p += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + p);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + p);
            FloatVector v2 = FloatVector.fromArray(S, x, x2 + p);
            FloatVector v3 = FloatVector.fromArray(S, x, x3 + p);
            FloatVector u = FloatVector.fromArray(S, g, g0 + p);
            s00 = u.fma(v0, s00);
            s01 = u.fma(v1, s01);
            s02 = u.fma(v2, s02);
            s03 = u.fma(v3, s03);
            u = FloatVector.fromArray(S, g, g1 + p);
            s10 = u.fma(v0, s10);
            s11 = u.fma(v1, s11);
            s12 = u.fma(v2, s12);
            s13 = u.fma(v3, s13);
            u = FloatVector.fromArray(S, g, g2 + p);
            s20 = u.fma(v0, s20);
            s21 = u.fma(v1, s21);
            s22 = u.fma(v2, s22);
            s23 = u.fma(v3, s23);
            u = FloatVector.fromArray(S, g, g3 + p);
            s30 = u.fma(v0, s30);
            s31 = u.fma(v1, s31);
            s32 = u.fma(v2, s32);
            s33 = u.fma(v3, s33);
        }
        t[0] = Lanes.sum(s00);
        t[1] = Lanes.sum(s01);
        t[2] = Lanes.sum(s02);
        t[3] = Lanes.sum(s03);
        t[4] = Lanes.sum(s10);
        t[5] = Lanes.sum(s11);
        t[6] = Lanes.sum(s12);
        t[7] = Lanes.sum(s13);
        t[8] = Lanes.sum(s20);
        t[9] = Lanes.sum(s21);
        t[10] = Lanes.sum(s22);
        t[11] = Lanes.sum(s23);
        t[12] = Lanes.sum(s30);
        t[13] = Lanes.sum(s31);
        t[14] = Lanes.sum(s32);
        t[15] = Lanes.sum(s33);
    }

    private static void tile2(
            int n, float[] g, int g0, int g1, int g2, int g3, float[] x, int x0, int x1, float[] t) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector s00 = zero, s01 = zero, s10 = zero, s11 = zero;
        FloatVector s20 = zero, s21 = zero, s30 = zero, s31 = zero;
        for (int p = 0; p < n; p += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + p);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + p);
            FloatVector u = FloatVector.fromArray(S, g, g0 + p);
            s00 = u.fma(v0, s00);
            s01 = u.fma(v1, s01);
            u = FloatVector.fromArray(S, g, g1 + p);
            s10 = u.fma(v0, s10);
            s11 = u.fma(v1, s11);
            u = FloatVector.fromArray(S, g, g2 + p);
            s20 = u.fma(v0, s20);
            s21 = u.fma(v1, s21);
            u = FloatVector.fromArray(S, g, g3 + p);
            s30 = u.fma(v0, s30);
            s31 = u.fma(v1, s31);
        }
        t[0] = Lanes.sum(s00);
        t[1] = Lanes.sum(s01);
        t[2] = Lanes.sum(s10);
        t[3] = Lanes.sum(s11);
        t[4] = Lanes.sum(s20);
        t[5] = Lanes.sum(s21);
        t[6] = Lanes.sum(s30);
        t[7] = Lanes.sum(s31);
    }
}
