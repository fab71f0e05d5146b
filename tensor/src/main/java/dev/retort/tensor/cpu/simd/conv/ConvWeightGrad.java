package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.ConvTaps;
import dev.retort.tensor.cpu.simd.planes.PaddedPlanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Weight gradient of a convolution:
/// `dw[o, c, t] = sum over (n, y, x) of dy[n, o, y, x] * x[n, c, at tap t of (y, x)]`.
///
/// Both operands lie along the summed dimension already, so nothing is transposed: [PaddedPlanes] turns
/// every element into a dot product of two contiguous ranges, and a tile of them shares its loads. Images
/// are cut into a fixed number of portions (by size alone); each portion has its own partial gradient,
/// and they are added in order.
final class ConvWeightGrad {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Filters and taps of one register tile.
    private static final int TILE_F = GemmKernel.ROWS;

    private static final int TILE_T = TILE_F == 8 ? 3 : 2;
    /// Summed positions in one pass over all tiles: both operands of a pass stay in the second-level
    /// cache.
    private static final int SPAN = 2048;
    /// The same where all source channels stay in the second-level cache for many filters.
    private static final int WHOLE_SPAN = 1024;
    /// Floats of padded source kept at once.
    private static final int SOURCE_LIMIT = 1 << 18;
    /// Floats that all partial gradients may take.
    private static final int PARTIAL_LIMIT = 1 << 22;

    private static final int MAX_PORTIONS = 16;
    /// Summed positions that make a portion worth its partial gradient, and a dot product worth its lane
    /// sum.
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
            ConvShape s,
            int group,
            int f0,
            int f1,
            int n0,
            int n1,
            float[] dy,
            int dyo,
            float[] x,
            int xo,
            float[] partial,
            int po) {
        int channels = s.groupChannels();
        int row = channels * s.taps();
        Arrays.fill(partial, po + f0 * row, po + f1 * row, 0f);
        ConvTaps taps = ConvTaps.forward(s);
        int oh = s.outHeight();
        int ow = s.outWidth();
        PaddedPlanes one = new PaddedPlanes(taps, s.height(), s.width(), s.strideH(), s.strideW(), oh, ow, 1);
        int step = Math.max(1, Math.min(n1 - n0, 4 * SPAN / one.image));
        PaddedPlanes planes = new PaddedPlanes(taps, s.height(), s.width(), s.strideH(), s.strideW(), oh, ow, step);
        int blockChannels = Math.max(1, Math.min(channels, SOURCE_LIMIT / planes.channel));
        // A source that is kept whole is there for every block of filters, whose grid then stays in the caches too.
        boolean whole = blockChannels == channels;
        int span = whole ? WHOLE_SPAN : SPAN;
        int limit = whole ? Math.max(TILE_F, SOURCE_LIMIT / planes.length / TILE_F * TILE_F) : f1;
        int blockFilters = Math.min(f1 - f0, limit);
        float[] grid = Scratch.floats(Scratch.PLANE_GRAD, blockFilters * planes.length);
        float[] source = Scratch.floats(Scratch.PLANE, blockChannels * planes.channel);
        int plane = s.height() * s.width();
        for (int n = n0; n < n1; n += step) {
            int images = Math.min(step, n1 - n);
            for (int f = f0; f < f1; f += blockFilters) {
                int last = Math.min(f1, f + blockFilters);
                for (int i = f; i < last; i++) {
                    int at = dyo + (n * s.filters() + group * s.groupFilters() + i) * oh * ow;
                    planes.fillGrid(dy, at, s.filters() * oh * ow, images, grid, (i - f) * planes.length);
                }
                for (int c0 = 0; c0 < channels; c0 += blockChannels) {
                    int c1 = Math.min(channels, c0 + blockChannels);
                    for (int c = c0; c < c1 && (f == f0 || !whole); c++) {
                        int at = xo + (n * s.channels() + group * channels + c) * plane;
                        planes.fillSource(x, at, s.channels() * plane, images, source, (c - c0) * planes.channel);
                    }
                    int w = po + f * row + c0 * s.taps();
                    dots(planes, span, last - f, c1 - c0, grid, source, partial, w, row);
                }
            }
        }
    }

    /// Adds all dot products of `filters` grid rows with `channels` times taps source ranges, `most`
    /// positions at a time.
    private static void dots(
            PaddedPlanes planes,
            int most,
            int filters,
            int channels,
            float[] grid,
            float[] source,
            float[] dw,
            int w,
            int row) {
        int taps = planes.offset.length;
        int columns = channels * taps;
        int[] at = new int[columns + TILE_T];
        for (int j = 0; j < at.length; j++) {
            int k = Math.min(j, columns - 1); // a partial tile repeats its last column and drops the result
            at[j] = k / taps * planes.channel + planes.offset[k % taps];
        }
        int[] rows = new int[TILE_F];
        float[] tile = Scratch.floats(Scratch.GEMM_TILE, TILE_F * TILE_T * L);
        for (int p = 0; p < planes.length; p += most) {
            int span = Math.min(most, planes.length - p);
            for (int f = 0; f < filters; f += TILE_F) {
                for (int i = 0; i < TILE_F; i++) {
                    rows[i] = Math.min(f + i, filters - 1) * planes.length + p;
                }
                int height = Math.min(TILE_F, filters - f);
                for (int j = 0; j < columns; j += TILE_T) {
                    if (TILE_F == 8) {
                        tile8(span, grid, rows, source, at[j] + p, at[j + 1] + p, at[j + 2] + p, tile);
                    } else {
                        tile4(span, grid, rows, source, at[j] + p, at[j + 1] + p, tile);
                    }
                    addLaneSums(tile, height, Math.min(TILE_T, columns - j), dw, w + f * row + j, row);
                }
            }
        }
    }

    /// Adds the lane sums of a tile of vectors to the gradient.
    private static void addLaneSums(float[] tile, int height, int width, float[] dw, int w, int row) {
        for (int i = 0; i < height; i++) {
            for (int k = 0; k < width; k++) {
                dw[w + i * row + k] += Lanes.sum(FloatVector.fromArray(S, tile, (i * TILE_T + k) * L));
            }
        }
    }

    /// Eight grid rows by three source ranges: 24 sums in 32 registers.
    private static void tile8(int n, float[] g, int[] rows, float[] x, int x0, int x1, int x2, float[] t) {
        int g0 = rows[0];
        int g1 = rows[1];
        int g2 = rows[2];
        int g3 = rows[3];
        int g4 = rows[4];
        int g5 = rows[5];
        int g6 = rows[6];
        int g7 = rows[7];
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = FloatVector.zero(S);
        FloatVector s02 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s12 = FloatVector.zero(S);
        FloatVector s20 = FloatVector.zero(S);
        FloatVector s21 = FloatVector.zero(S);
        FloatVector s22 = FloatVector.zero(S);
        FloatVector s30 = FloatVector.zero(S);
        FloatVector s31 = FloatVector.zero(S);
        FloatVector s32 = FloatVector.zero(S);
        FloatVector s40 = FloatVector.zero(S);
        FloatVector s41 = FloatVector.zero(S);
        FloatVector s42 = FloatVector.zero(S);
        FloatVector s50 = FloatVector.zero(S);
        FloatVector s51 = FloatVector.zero(S);
        FloatVector s52 = FloatVector.zero(S);
        FloatVector s60 = FloatVector.zero(S);
        FloatVector s61 = FloatVector.zero(S);
        FloatVector s62 = FloatVector.zero(S);
        FloatVector s70 = FloatVector.zero(S);
        FloatVector s71 = FloatVector.zero(S);
        FloatVector s72 = FloatVector.zero(S);
        for (int p = 0; p < n; p += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + p);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + p);
            FloatVector v2 = FloatVector.fromArray(S, x, x2 + p);
            FloatVector u0 = FloatVector.fromArray(S, g, g0 + p);
            s00 = u0.fma(v0, s00);
            s01 = u0.fma(v1, s01);
            s02 = u0.fma(v2, s02);
            FloatVector u1 = FloatVector.fromArray(S, g, g1 + p);
            s10 = u1.fma(v0, s10);
            s11 = u1.fma(v1, s11);
            s12 = u1.fma(v2, s12);
            FloatVector u2 = FloatVector.fromArray(S, g, g2 + p);
            s20 = u2.fma(v0, s20);
            s21 = u2.fma(v1, s21);
            s22 = u2.fma(v2, s22);
            FloatVector u3 = FloatVector.fromArray(S, g, g3 + p);
            s30 = u3.fma(v0, s30);
            s31 = u3.fma(v1, s31);
            s32 = u3.fma(v2, s32);
            FloatVector u4 = FloatVector.fromArray(S, g, g4 + p);
            s40 = u4.fma(v0, s40);
            s41 = u4.fma(v1, s41);
            s42 = u4.fma(v2, s42);
            FloatVector u5 = FloatVector.fromArray(S, g, g5 + p);
            s50 = u5.fma(v0, s50);
            s51 = u5.fma(v1, s51);
            s52 = u5.fma(v2, s52);
            FloatVector u6 = FloatVector.fromArray(S, g, g6 + p);
            s60 = u6.fma(v0, s60);
            s61 = u6.fma(v1, s61);
            s62 = u6.fma(v2, s62);
            FloatVector u7 = FloatVector.fromArray(S, g, g7 + p);
            s70 = u7.fma(v0, s70);
            s71 = u7.fma(v1, s71);
            s72 = u7.fma(v2, s72);
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s02.intoArray(t, 2 * L);
        s10.intoArray(t, 3 * L);
        s11.intoArray(t, 4 * L);
        s12.intoArray(t, 5 * L);
        s20.intoArray(t, 6 * L);
        s21.intoArray(t, 7 * L);
        s22.intoArray(t, 8 * L);
        s30.intoArray(t, 9 * L);
        s31.intoArray(t, 10 * L);
        s32.intoArray(t, 11 * L);
        s40.intoArray(t, 12 * L);
        s41.intoArray(t, 13 * L);
        s42.intoArray(t, 14 * L);
        s50.intoArray(t, 15 * L);
        s51.intoArray(t, 16 * L);
        s52.intoArray(t, 17 * L);
        s60.intoArray(t, 18 * L);
        s61.intoArray(t, 19 * L);
        s62.intoArray(t, 20 * L);
        s70.intoArray(t, 21 * L);
        s71.intoArray(t, 22 * L);
        s72.intoArray(t, 23 * L);
    }

    /// Four grid rows by two source ranges: 8 sums in 16 registers.
    private static void tile4(int n, float[] g, int[] rows, float[] x, int x0, int x1, float[] t) {
        int g0 = rows[0];
        int g1 = rows[1];
        int g2 = rows[2];
        int g3 = rows[3];
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = FloatVector.zero(S);
        FloatVector s10 = FloatVector.zero(S);
        FloatVector s11 = FloatVector.zero(S);
        FloatVector s20 = FloatVector.zero(S);
        FloatVector s21 = FloatVector.zero(S);
        FloatVector s30 = FloatVector.zero(S);
        FloatVector s31 = FloatVector.zero(S);
        for (int p = 0; p < n; p += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + p);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + p);
            FloatVector u0 = FloatVector.fromArray(S, g, g0 + p);
            s00 = u0.fma(v0, s00);
            s01 = u0.fma(v1, s01);
            FloatVector u1 = FloatVector.fromArray(S, g, g1 + p);
            s10 = u1.fma(v0, s10);
            s11 = u1.fma(v1, s11);
            FloatVector u2 = FloatVector.fromArray(S, g, g2 + p);
            s20 = u2.fma(v0, s20);
            s21 = u2.fma(v1, s21);
            FloatVector u3 = FloatVector.fromArray(S, g, g3 + p);
            s30 = u3.fma(v0, s30);
            s31 = u3.fma(v1, s31);
        }
        s00.intoArray(t, 0);
        s01.intoArray(t, L);
        s10.intoArray(t, 2 * L);
        s11.intoArray(t, 3 * L);
        s20.intoArray(t, 4 * L);
        s21.intoArray(t, 5 * L);
        s30.intoArray(t, 6 * L);
        s31.intoArray(t, 7 * L);
    }
}
