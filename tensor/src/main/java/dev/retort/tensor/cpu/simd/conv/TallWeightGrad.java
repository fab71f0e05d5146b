package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.TallKernel;

/// Weight gradient of a convolution with filters in lanes: `sums[(c, t), f] = sum over (n, y, x) of
/// x[n, c, at tap t of (y, x)] * dy[n, f, y, x]`.
///
/// ```
///   dy, some bands of positions       x, one band                   sums
///   planes -> panels of two           rows of (c, t), a group    =  [panel][(c, t)][two vectors
///   vectors of filters           *    at a time                     of filters]
/// ```
///
/// The output's gradient alone is transposed. Rows of the source are copied from [PhasePlanes] and meet all
/// filters from there: twelve that stay in the first-level cache ([TallKernel]), or, where tiles are smaller, a
/// group that goes by while a panel stays there ([FencedKernel]). A band is some whole lines,
/// or images where they are small, with zeros in the gradient where lines have gaps. Bands are set by
/// the sizes alone and follow each other, so every sum runs over the positions in order.
final class TallWeightGrad {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    /// Whether tiles are those for 32 registers, else those for 16.
    private static final boolean TALL = L == 16;

    private static final int PITCH = TALL ? TallKernel.PITCH : FencedKernel.PITCH;
    private static final int DEPTH = TALL ? TallKernel.DEPTH : FencedKernel.MOST;
    /// Rows of a tile, and rows that are copied together.
    private static final int TILE = TALL ? TallKernel.MR : FencedKernel.MR;

    private static final int GROUP = TALL ? TILE : 8 * TILE;
    /// Channels of a task.
    private static final int CHANNELS = TALL ? 12 : 16;
    /// Floats of the transposed gradient that is kept at once: half of a second-level cache of 2 MB.
    private static final int GRADIENT_FLOATS = 1 << 18;
    /// Positions of a band at least: a sum is loaded and stored once a band.
    private static final int MIN_POSITIONS = 128;
    /// Lines so short that their gaps cost more than copying line by line.
    private static final int SHORT_LINE = 12;

    /// The convolution, whose output holds the gradient here.
    private final Sweep s;
    private final PhasePlanes planes;
    private final int panels;
    private final int depth;
    // A band: images, lines and columns, and the positions that a line takes.
    private final int images;
    private final int lines;
    private final int width;
    private final int step;
    /// Bands along an image, and down one.
    private final int across;
    private final int down;
    /// Positions of a band, and bands whose gradient is kept at once.
    private final int band;

    private final int kept;
    private final float[] sums;

    private TallWeightGrad(Sweep sweep) {
        s = sweep;
        panels = (s.rows + NR - 1) / NR;
        depth = s.depth;
        int most = Math.clamp(GRADIENT_FLOATS / (panels * NR), MIN_POSITIONS, DEPTH);
        int gap = new PhasePlanes(s, 1, 1, 1).pitch - 1;
        across = Math.ceilDiv(s.gridW + gap, most);
        width = Math.ceilDiv(s.gridW, across);
        boolean exact = across == 1 && width < SHORT_LINE;
        step = exact ? width : width + gap;
        down = Math.ceilDiv(s.gridH, Math.max(1, Math.min(s.gridH, most / step)));
        lines = Math.ceilDiv(s.gridH, down);
        images = across * down > 1 ? 1 : Math.clamp(most / (lines * step), 1, s.batch);
        planes = new PhasePlanes(s, 1, lines, width);
        band = images * lines * step;
        kept = Math.max(1, GRADIENT_FLOATS / (panels * NR * band));
        sums = Scratch.lines(Scratch.CONV_PARTIAL, panels * depth * NR);
    }

    /// Whether it pays: tiles that leave their sums in registers, more than one tap, some tiles of rows, and
    /// filters enough for what copying them costs (measured: docs/design-notes.md).
    static boolean suits(ConvShape s) {
        boolean rows = s.groupChannels() * s.taps() >= 4 * TILE;
        return (TALL || FencedKernel.AVAILABLE) && s.taps() > 1 && rows && s.groupFilters() > 4 * L;
    }

    /// One group; `dw` starts at the group's first filter and is overwritten.
    static void group(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        new TallWeightGrad(Sweep.forward(s, group, x, xo, dw, 0, null, 0, dy, dyo)).run(dw, dwo);
    }

    private void run(float[] dw, int dwo) {
        int bands = Math.ceilDiv(s.batch, images) * across * down;
        for (int b = 0; b < bands; b += kept) {
            add(b, Math.min(bands, b + kept));
        }
        int vectors = (s.rows + L - 1) / L;
        Parallel.forRange(vectors, 1, (from, to) -> {
            for (int v = from; v < to; v++) {
                int at = Scratch.LINE + v / 2 * depth * NR + v % 2 * L;
                int filters = Math.min(L, s.rows - v * L);
                ChannelLanes.scatter(sums, at, NR, depth, dw, dwo + v * L * depth, depth, filters);
            }
        });
    }

    /// A band: its first image, line and column, and how many of each there are.
    private record Band(int n, int images, int y, int lines, int x, int width) {}

    private Band band(int b) {
        int part = b % (across * down);
        int n = b / (across * down) * images;
        int y = part / across * lines;
        int x = part % across * width;
        int rows = Math.min(lines, s.gridH - y);
        return new Band(n, Math.min(images, s.batch - n), y, rows, x, Math.min(width, s.gridW - x));
    }

    /// Adds the sums over bands [b0, b1).
    private void add(int b0, int b1) {
        int vectors = (s.rows + L - 1) / L;
        int size = panels * band * NR;
        float[] lanes = Scratch.lines(Scratch.PLANE_GRAD, (b1 - b0) * size);
        Parallel.forRange((b1 - b0) * vectors, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                int v = i / (b1 - b0); // bands of some planes follow each other, as they do in memory
                int b = i % (b1 - b0);
                gather(v, band(b0 + b), lanes, Scratch.LINE + b * size + v / 2 * band * NR + v % 2 * L);
            }
        });
        int parts = Math.max(Parallel.threads(), Math.ceilDiv(s.channels, CHANNELS));
        int rows = Math.ceilDiv(Math.ceilDiv(depth, parts), TILE) * TILE;
        Parallel.forRange(Math.ceilDiv(depth, rows), 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                for (int b = b0; b < b1; b++) {
                    int at = Scratch.LINE + (b - b0) * size;
                    rows(b == 0, i * rows, Math.min(depth, (i + 1) * rows), band(b), lanes, at);
                }
            }
        });
    }

    /// Turns the gradients of one vector of filters into vectors, [#NR] floats apart; zeros in the gaps
    /// of lines.
    private void gather(int v, Band band, float[] lanes, int to) {
        int filters = Math.min(L, s.rows - v * L);
        int count = band.images * band.lines * step;
        int row = (count + L - 1) / L * L + L;
        float[] copy = Scratch.floats(Scratch.PLANE, L * row);
        for (int f = 0; f < filters; f++) { // memory in its own order
            int at = f * row;
            for (int n = band.n; n < band.n + band.images; n++) {
                int from = s.outOff + n * s.outImage + (v * L + f) * s.outPlane + band.y * s.gridW + band.x;
                if (step == s.gridW) {
                    PatchCopy.run(s.out, from, copy, at, band.lines * step);
                    at += band.lines * step;
                    continue;
                }
                for (int y = 0; y < band.lines; y++) {
                    PatchCopy.run(s.out, from + y * s.gridW, copy, at, band.width);
                    PatchCopy.zero(copy, at + band.width, step - band.width);
                    at += step;
                }
            }
        }
        ChannelLanes.gather(copy, 0, row, filters, count, lanes, to, NR);
    }

    /// Rows [k0, k1), channel by channel and for each its taps, times all filters at one band.
    private void rows(boolean starts, int k0, int k1, Band band, float[] lanes, int from) {
        float[] source = Scratch.lines(Scratch.PLANE, GROUP * PITCH);
        int taps = s.taps.count();
        int first = k0 / taps;
        int last = Math.ceilDiv(k1, taps);
        int image = (last - first) * planes.channel;
        float[] split = Scratch.floats(Scratch.CONV_B, band.images * image + planes.pitch); // the last gap is read
        for (int n = 0; n < band.images; n++) {
            planes.fill(band.n + n, band.y, band.lines, band.x, first, last, split, n * image);
        }
        for (int k = k0; k < k1; k += GROUP) {
            int end = Math.min(k1, k + GROUP);
            for (int i = k; i < end; i++) {
                int at = (i / taps - first) * planes.channel + planes.offset[i % taps];
                copy(split, at, image, band, source, i - k);
            }
            group(starts, k, end, band, source, lanes, from);
        }
    }

    /// Copies what one channel reads at one tap to row i of a group.
    private void copy(float[] split, int at, int image, Band band, float[] source, int i) {
        int to = Scratch.LINE + i * PITCH;
        for (int n = 0; n < band.images; n++) {
            int from = at + n * image;
            if (step == planes.pitch) {
                PatchCopy.run(split, from, source, to, band.lines * step);
            } else {
                for (int y = 0; y < band.lines; y++) {
                    PatchCopy.run(split, from + y * planes.pitch, source, to + y * step, step);
                }
            }
            to += band.lines * step;
        }
    }

    /// Adds the products of rows [k0, k1) with all filters.
    private void group(boolean starts, int k0, int k1, Band band, float[] source, float[] lanes, int from) {
        int positions = band.images * band.lines * step;
        for (int p = 0; p < panels; p++) {
            int columns = Math.min(NR, s.rows - p * NR);
            for (int k = k0; k < k1; k += TILE) {
                int left = Scratch.LINE + (k - k0) * PITCH;
                int to = Scratch.LINE + (p * depth + k) * NR;
                int panel = from + p * this.band * NR;
                tile(starts, Math.min(TILE, k1 - k), columns, positions, source, left, lanes, panel, to);
            }
        }
    }

    /// Adds a product to `count` rows of sums from `sums[to]` on; the first one overwrites them.
    private void tile(
            boolean starts,
            int count,
            int columns,
            int positions,
            float[] source,
            int left,
            float[] lanes,
            int panel,
            int to) {
        float[] zeros = GemmKernel.ZEROS;
        if (count == TILE) {
            float[] f = starts ? zeros : sums;
            multiply(
                    count,
                    columns,
                    positions,
                    source,
                    left,
                    lanes,
                    panel,
                    f,
                    starts ? 0 : to,
                    starts ? 0 : NR,
                    sums,
                    to);
            return;
        }
        float[] t = Scratch.floats(Scratch.GEMM_TILE, TILE * NR);
        if (!starts) {
            System.arraycopy(sums, to, t, 0, count * NR);
        }
        multiply(count, columns, positions, source, left, lanes, panel, starts ? zeros : t, 0, starts ? 0 : NR, t, 0);
        System.arraycopy(t, 0, sums, to, count * NR);
    }

    private static void multiply(
            int rows,
            int columns,
            int depth,
            float[] source,
            int left,
            float[] lanes,
            int panel,
            float[] f,
            int fo,
            int ldf,
            float[] to,
            int corner) {
        if (TALL) {
            TallKernel.tile(rows, columns, depth, source, left, lanes, panel, f, fo, ldf, to, corner, NR);
        } else {
            FencedKernel.tile(rows, columns, depth, source, left, lanes, panel, f, fo, ldf, to, corner, NR);
        }
    }
}
