package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// [WinogradStrided]'s forward pass with tiles in the lanes, as in [WinogradTileLanes].
///
/// A few channels meet many filters: an element of a transformed output takes 12 or 16 multiplications only, so what is
/// read and written around them decides. A task takes a few rows of tiles: it splits their inputs into phases,
/// transforms them, and keeps them, 260 KB, in the second-level cache. For six filters and two vectors of tiles at a
/// time it computes the products of all points, which stay in the first-level cache (22 KB), transforms them back in
/// place and writes them, while the products of the next group are computed.
final class StridedTileLanes {
    private static final int L = Lanes.LENGTH;
    private static final int LINE = Scratch.LINE;
    private static final int M = SevenLanes.M;
    private static final int ALPHA = SevenLanes.ALPHA;
    private static final int ROW = SevenLanes.ROW;
    private static final int WHOLE = SevenLanes.WHOLE;
    private static final int POINTS = ALPHA * ALPHA;
    private static final int PHASES = 4;
    /// Strips of a group.
    private static final int STRIPS = 8;
    /// Floats of the transformed inputs of a group.
    private static final int GROUP = POINTS * SevenLanes.SLOT;
    private static final int MOST_VECTORS = 2 * SevenProduct.FILTERS;
    /// Floats of the rows of tiles of a task.
    private static final int TASK_FLOATS = CacheSizes.SECOND_LEVEL / Float.BYTES * 3 / 8;
    /// Rows of tiles of a task at most.
    private static final int MOST_ROWS = 4;
    /// What [#place] says of a strip inside a plane; fewer rows or columns lack one of its two bits.
    private static final int ALL = M * 2 * L + L;
    /// A bias that changes no float, not even a zero of either sign.
    private static final float[] NO_BIAS = {-0f};

    private final ConvShape s;
    private final WinogradTiles tiles;
    private final float[] x;
    private final int xo;
    private final float[] kernels;
    private final WinogradTiles.Planes out;
    private final float[] bias;
    private final int biasOff;
    private final int biasStep;
    private final int channels;
    /// Strips of a row of tiles.
    private final int strips;
    /// Strips that are side by side in memory.
    private final int piece;
    /// Rows of tiles of a task.
    private final int rows;

    /// @param kernels from [#pack]
    StridedTileLanes(
            ConvShape s,
            WinogradTiles tiles,
            float[] x,
            int xo,
            float[] kernels,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff) {
        this.s = s;
        this.tiles = tiles;
        this.x = x;
        this.xo = xo;
        this.kernels = kernels;
        this.out = out;
        this.bias = bias == null ? NO_BIAS : bias;
        this.biasOff = bias == null ? 0 : biasOff;
        biasStep = bias == null ? 0 : 1;
        channels = PHASES * s.channels();
        strips = Math.ceilDiv(tiles.width, L);
        piece = Math.ceilDiv(strips, Math.ceilDiv(strips, SevenLanes.STRIPS));
        rows = Math.clamp(TASK_FLOATS / ((long) channels * ALPHA * ROW), 1, MOST_ROWS);
    }

    /// Whether vectors have the lanes and the machine the registers for it.
    static boolean available() {
        return L == 8 && TileLaneProduct.available();
    }

    /// Filters of the tile of registers that starts at filter f.
    private static int part(int f, int filters) {
        return filters - f <= SevenProduct.FEW ? SevenProduct.FEW : SevenProduct.FILTERS;
    }

    /// Transformed kernels as [WinogradKernels] leaves them, in panels of two vectors of filters, as [SevenProduct]
    /// reads them.
    static float[] pack(float[] panels, int step, int channels, int filters) {
        float[] packed = Scratch.lines(Scratch.CONV_B, POINTS * channels * (filters + SevenProduct.FILTERS));
        int to = LINE;
        for (int f = 0; f < filters; f += SevenProduct.FILTERS) {
            int part = part(f, filters);
            for (int k = 0; k < POINTS; k++) {
                for (int c = 0; c < channels; c++) {
                    for (int i = f; i < f + part; i++) {
                        int panel = i / (2 * L) * 2 * L;
                        int from = LINE + k * step + panel * channels + c * 2 * L + i - panel;
                        packed[to++] = i < filters ? panels[from] : 0f;
                    }
                }
            }
        }
        return packed;
    }

    /// False if a result was not finite.
    boolean run() {
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(tiles.rows(), rows, (from, to) -> {
            if (!block(from, to)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    /// Rows [r0, r1) of tiles from inputs to outputs.
    private boolean block(int r0, int r1) {
        float[] lifted = Scratch.lines(Scratch.WINOGRAD_LANES, channels * rows * ALPHA * ROW);
        boolean finite = true;
        for (int j = 0; j < strips; j += piece) {
            int width = Math.min(piece, strips - j);
            for (int r = r0; r < r1; ) {
                int n = r / tiles.tileRows;
                int i = r - n * tiles.tileRows;
                int count = Math.min(r1 - r, tiles.tileRows - i);
                for (int c = 0; c < s.channels(); c++) {
                    int to = LINE + (c * PHASES * rows + r - r0) * ALPHA * ROW;
                    lift(n, c, i, count, j, width + 1, lifted, to);
                }
                r += count;
            }
            finite &= strips(r0, (r1 - r0) * width, j, width, lifted);
        }
        return finite;
    }

    /// Splits channel c of tile rows [i, i + count) of image n into its phases, transformed along the columns:
    /// `vectors` vectors from strip j on.
    private void lift(int n, int c, int i, int count, int j, int vectors, float[] dst, int d) {
        int lines = M * count + ALPHA - M;
        int plane = xo + (n * s.channels() + c) * s.height() * s.width();
        int columns = vectors * L;
        float[] phases = Scratch.lines(Scratch.PLANE, PHASES * lines * SevenLanes.PHASE_ROW);
        for (int y = 0; y < 2 * lines; y++) {
            int from = 2 * M * i + y - s.padH();
            int row = plane + from * s.width();
            for (int b = 0; b < 2; b++) {
                int to = LINE + ((y % 2 * 2 + b) * lines + y / 2) * SevenLanes.PHASE_ROW;
                if (from < 0 || from >= s.height()) {
                    PatchCopy.zero(phases, to, columns);
                } else {
                    int first = 2 * L * j + b - s.padW();
                    PatchCopy.clipped(x, row, s.width(), first, 2, phases, to, columns);
                }
            }
        }
        for (int p = 0; p < PHASES; p++) {
            int from = LINE + p * lines * SevenLanes.PHASE_ROW;
            SevenLanes.columns(phases, from, count, vectors, dst, d + p * rows * ALPHA * ROW + L);
        }
    }

    /// `count` strips, which lie in rows of `width` from strip j on, from inputs to outputs.
    private boolean strips(int r0, int count, int j, int width, float[] lifted) {
        int groups = Math.ceilDiv(count, STRIPS);
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, groups * GROUP);
        int[] at = new int[groups * STRIPS];
        int[] places = new int[at.length];
        int[] shown = new int[at.length];
        for (int i = 0; i < at.length; i++) {
            int k = Math.min(i, count - 1); // what is missing to a vector repeats the last
            at[i] = LINE + k / width * ALPHA * ROW + (1 + k % width) * L;
            if (i < count) {
                place(r0 + k / width, j + k % width, i, places, shown);
            }
        }
        for (int c = 0; c < channels; c++) {
            int from = c * rows * ALPHA * ROW;
            for (int u = 0; u < 2 * groups; u++) {
                int a = from + at[4 * u];
                int b = from + at[4 * u + 1];
                int e = from + at[4 * u + 2];
                int f = from + at[4 * u + 3];
                SevenLanes.points(lifted, a, b, e, f, v, LINE + u / 2 * GROUP + c * 2 * L + u % 2 * L);
            }
        }
        return products(groups, v, places, shown);
    }

    /// From transformed inputs to outputs. While the products of a group are computed, those of the group before are
    /// written, piece by piece.
    private boolean products(int groups, float[] v, int[] places, int[] shown) {
        float[] m = Scratch.lines(Scratch.WINOGRAD_OUT, POINTS * SevenProduct.SLOT);
        float[] back = Scratch.lines(Scratch.WINOGRAD_HALF, MOST_VECTORS * WHOLE + 4 * M * L);
        boolean finite = true;
        int kernel = LINE;
        int before = 0;
        int filter = 0;
        int group = 0;
        for (int f = 0; f < s.filters(); f += SevenProduct.FILTERS) {
            int part = part(f, s.filters());
            for (int g = 0; g < groups; g++) {
                for (int i = 0; i < MOST_VECTORS; i++) {
                    int k0 = POINTS * i / MOST_VECTORS;
                    int k1 = POINTS * (i + 1) / MOST_VECTORS;
                    SevenProduct.run(part, channels, k0, k1, kernels, kernel, v, LINE + g * GROUP, m, LINE);
                    if (i < before) {
                        finite &= store(back, i, filter, group * STRIPS, places, shown);
                    }
                }
                SevenLanes.lower(m, LINE, 2 * part);
                SevenLanes.lowerRows(m, LINE, 2 * part, back, LINE);
                before = 2 * Math.min(part, s.filters() - f);
                filter = f;
                group = g;
            }
            kernel += POINTS * channels * part;
        }
        for (int i = 0; i < before; i++) {
            finite &= store(back, i, filter, group * STRIPS, places, shown);
        }
        return finite;
    }

    /// Writes vector i of tiles transformed back, those of filter f first; false if a value is not finite.
    private boolean store(float[] back, int i, int f, int strip, int[] places, int[] shown) {
        int from = LINE + i * WHOLE;
        int filter = f + i / 2;
        int b = biasOff + filter * biasStep;
        int u = strip + i % 2 * 4;
        int to = filter * out.plane();
        if ((shown[u] & shown[u + 1] & shown[u + 2] & shown[u + 3]) == ALL) {
            int t0 = to + places[u];
            int t1 = to + places[u + 1];
            int t2 = to + places[u + 2];
            int t3 = to + places[u + 3];
            return TileLanes.rows(
                    back, from, WHOLE, 1, out.data(), t0, t1, t2, t3, out.plane(), tiles.width, bias, b, biasStep);
        }
        int t = LINE + MOST_VECTORS * WHOLE;
        boolean finite =
                TileLanes.rows(back, from, WHOLE, 1, back, t, t + L, t + 2 * L, t + 3 * L, 0, 4 * L, bias, b, biasStep);
        for (int k = 0; k < 4; k++) {
            int width = shown[u + k] % (2 * L);
            for (int a = 0; a < shown[u + k] / (2 * L); a++) {
                int line = to + places[u + k] + a * tiles.width;
                PatchCopy.run(back, t + (4 * a + k) * L, out.data(), line, width);
            }
        }
        return finite;
    }

    /// Where the first output of strip j of row r of tiles lies in filter 0, and how many rows and columns of it are
    /// inside the plane, as `rows * 2 L + columns`.
    private void place(int r, int j, int i, int[] places, int[] shown) {
        int n = r / tiles.tileRows;
        int y = (r - n * tiles.tileRows) * M;
        places[i] = out.off() + n * out.image() + y * tiles.width + j * L;
        shown[i] = Math.min(M, tiles.height - y) * 2 * L + Math.min(L, tiles.width - j * L);
    }
}
