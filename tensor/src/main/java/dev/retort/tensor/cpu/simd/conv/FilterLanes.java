package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;

/// Weight gradient of a convolution with filters in lanes:
/// `sums[(c, t), f] = sum over (n, y, x) of x[n, c, at tap t of (y, x)] * dy[n, f, y, x]`.
///
/// ```
///   dy, a band of positions              x, as it lies (or padded, columns split by the stride)
///   planes -> [vector of filters]        one float a position
///             [position][lane]     *     -> broadcast                =   tile: eight (c, t) x two vectors
/// ```
///
/// The output's gradient alone is transposed; a source value is broadcast from where it is, so there are no patches
/// and no sums over lanes. Bands are set by the sizes alone and follow each other; inside of one, all threads transpose
/// and then each takes other (c, t), so every sum runs over the positions in order.
final class FilterLanes {
    private static final int L = Lanes.LENGTH;
    private static final int ROWS = FilterLanesKernel.ROWS;
    /// Floats of a band, source and gradient: half of the second-level cache.
    private static final int BAND_FLOATS = 1 << 18;
    /// Positions of a band at least: a sum is loaded and stored once a band.
    private static final int MIN_POSITIONS = 256;

    private final ConvShape s;
    private final int group;
    private final float[] dy;
    private final int dyo;
    private final float[] x;
    private final int xo;
    private final int filters;
    private final int channels;
    private final int vectors;
    /// Whether the source is read from a copy, and there the floats of each phase of a row and of a row.
    private final boolean copies;
    private final int phase;
    private final int pitch;
    private final float[] sums;

    private FilterLanes(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo) {
        this.s = s;
        this.group = group;
        this.dy = dy;
        this.dyo = dyo;
        this.x = x;
        this.xo = xo;
        filters = s.groupFilters();
        channels = s.groupChannels();
        vectors = (filters + L - 1) / L;
        copies = s.padH() > 0 || s.padW() > 0 || s.strideW() > 1;
        phase = s.outWidth() + (s.kernelW() - 1) * s.dilationW() / s.strideW();
        pitch = phase * Math.min(s.strideW(), (s.kernelW() - 1) * s.dilationW() + 1);
        sums = Scratch.floats(Scratch.CONV_PARTIAL, channels * s.taps() * vectors * L);
    }

    /// Whether it pays: filters that nearly fill vectors, enough source values for a tile.
    static boolean suits(ConvShape s) {
        int filters = s.groupFilters();
        int vectors = (filters + L - 1) / L;
        return L >= 4 && 4 * filters >= 3 * vectors * L && s.groupChannels() * s.taps() >= ROWS;
    }

    /// One group; `dw` starts at the group's first filter and is overwritten.
    static void group(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        new FilterLanes(s, group, dy, dyo, x, xo).run(dw, dwo);
    }

    private void run(float[] dw, int dwo) {
        int rows = channels * s.taps();
        Arrays.fill(sums, 0, rows * vectors * L, 0f);
        int perPosition = filters + channels * s.strideH() * s.strideW();
        int positions = Math.max(MIN_POSITIONS, BAND_FLOATS / perPosition);
        int plane = s.outHeight() * s.outWidth();
        int images = Math.max(1, Math.min(s.batch(), positions / plane));
        int lines = images > 1 ? s.outHeight() : Math.max(1, Math.min(s.outHeight(), positions / s.outWidth()));
        for (int n = 0; n < s.batch(); n += images) {
            for (int y = 0; y < s.outHeight(); y += lines) {
                band(n, Math.min(s.batch(), n + images), y, Math.min(s.outHeight(), y + lines));
            }
        }
        Parallel.forRange(vectors, 1, (from, to) -> {
            for (int v = from; v < to; v++) {
                int lanes = Math.min(L, filters - v * L);
                ChannelLanes.scatter(sums, v * rows * L, rows, dw, dwo + v * L * rows, rows, lanes, null, 0);
            }
        });
    }

    /// Output rows [y0, y1) of images [n0, n1).
    private void band(int n0, int n1, int y0, int y1) {
        int count = (n1 - n0) * (y1 - y0) * s.outWidth();
        float[] lanes = Scratch.lines(Scratch.PLANE_GRAD, vectors * count * L);
        Parallel.forRange(vectors * (n1 - n0), 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                int at = (i % vectors * (n1 - n0) + i / vectors) * (count / (n1 - n0)) * L;
                gather(i % vectors, n0 + i / vectors, y0, y1, lanes, Scratch.LINE + at);
            }
        });
        Source source = copies ? copied(n0, n1, y0, y1) : inPlace(n0, y0);
        int[] lines = lines(n1 - n0, y1 - y0, source.image);
        int rows = channels * s.taps();
        int tiles = (rows + ROWS - 1) / ROWS;
        Parallel.forRange(tiles, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                tile(i * ROWS, Math.min(rows, (i + 1) * ROWS), source, lines, lanes, count * L);
            }
        });
    }

    /// Turns the gradients of one vector of filters into rows of positions.
    private void gather(int v, int n, int y0, int y1, float[] lanes, int to) {
        int plane = s.outHeight() * s.outWidth();
        int from = dyo + (n * s.filters() + group * filters + v * L) * plane + y0 * s.outWidth();
        ChannelLanes.gather(dy, from, plane, Math.min(L, filters - v * L), (y1 - y0) * s.outWidth(), lanes, to);
    }

    /// The source values of a band: channel c of its first image starts at `data[off + c * channel]`, and the source of
    /// tap (0, 0) of its first position there.
    private record Source(float[] data, int off, int image, int channel, int row) {}

    private Source inPlace(int n0, int y0) {
        int plane = s.height() * s.width();
        int off = xo + (n0 * s.channels() + group * channels) * plane + y0 * s.strideH() * s.width();
        return new Source(x, off, s.channels() * plane, plane, s.width());
    }

    /// Copies the rows that a band reads, with zeros around them.
    private Source copied(int n0, int n1, int y0, int y1) {
        int height = (y1 - y0 - 1) * s.strideH() + (s.kernelH() - 1) * s.dilationH() + 1;
        int plane = height * pitch;
        float[] data = Scratch.floats(Scratch.PLANE, (n1 - n0) * channels * plane);
        int top = y0 * s.strideH() - s.padH();
        Parallel.forRange((n1 - n0) * channels, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                int image = (n0 + i / channels) * s.channels() + group * channels + i % channels;
                for (int r = 0; r < height; r++) {
                    copyRow(xo + (image * s.height() + top + r) * s.width(), top + r, data, i * plane + r * pitch);
                }
            }
        });
        return new Source(data, 0, channels * plane, plane, pitch);
    }

    /// Copies one row, phase after phase, with zeros outside of the image.
    private void copyRow(int from, int row, float[] data, int to) {
        if (row < 0 || row >= s.height()) {
            PatchCopy.zero(data, to, pitch);
            return;
        }
        for (int ph = 0; ph * phase < pitch; ph++) {
            PatchCopy.clipped(x, from, s.width(), ph - s.padW(), s.strideW(), data, to + ph * phase, phase);
        }
    }

    /// Where each line of positions starts in the source.
    private int[] lines(int images, int rows, int image) {
        int[] lines = new int[images * rows];
        int row = s.strideH() * (copies ? pitch : s.width());
        for (int i = 0; i < lines.length; i++) {
            lines[i] = i / rows * image + i % rows * row;
        }
        return lines;
    }

    /// Adds the sums of source values [k0, k1) and all filters.
    private void tile(int k0, int k1, Source source, int[] lines, float[] lanes, int vector) {
        int[] at = new int[ROWS];
        for (int i = 0; i < ROWS; i++) {
            int k = Math.min(k0 + i, k1 - 1); // beyond the end the last value is summed again and dropped
            int t = k % s.taps();
            int row = t / s.kernelW() * s.dilationH();
            int column = t % s.kernelW() * s.dilationW();
            int inRow = column % s.strideW() * phase + column / s.strideW();
            at[i] = source.off + k / s.taps() * source.channel + row * source.row + inRow;
        }
        int rows = channels * s.taps();
        for (int v = 0; v < vectors; v += 2) {
            boolean both = v + 1 < vectors;
            int g0 = Scratch.LINE + v * vector;
            int g1 = both ? g0 + vector : g0;
            int d0 = (v * rows + k0) * L;
            int d1 = d0 + rows * L;
            if (both && k1 - k0 == ROWS) {
                FilterLanesKernel.tile(source.data, at, lines, s.outWidth(), lanes, g0, g1, sums, d0, d1);
            } else {
                int kept = (k1 - k0) * L;
                float[] t = Scratch.floats(Scratch.GEMM_TILE, 2 * ROWS * L);
                Arrays.fill(t, 0, 2 * ROWS * L, 0f);
                System.arraycopy(sums, d0, t, 0, kept);
                System.arraycopy(sums, both ? d1 : d0, t, ROWS * L, kept);
                FilterLanesKernel.tile(source.data, at, lines, s.outWidth(), lanes, g0, g1, t, 0, ROWS * L);
                System.arraycopy(t, 0, sums, d0, kept);
                if (both) {
                    System.arraycopy(t, ROWS * L, sums, d1, kept);
                }
            }
        }
    }
}
