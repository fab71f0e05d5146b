package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// [Winograd]'s convolution F(4, 3) with tiles in the lanes instead of channels, for few channels: no plane is turned
/// into vectors of channels and back, which takes as long there as the products.
///
/// Inputs are transformed along the columns first, in the rows as they lie; [TileLanes] makes vectors of tiles of
/// the result, and rows of the tiles that come out. A task takes blocks of rows of tiles, which stay in the
/// second-level cache. A group of two vectors of tiles has a slot of memory for each point and one more in front, so
/// that the products of a point overwrite the tiles of the point before. Each output is computed by the same operations
/// in the same order as in [Winograd].
final class WinogradTileLanes {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    private static final int M = 4;
    private static final int ALPHA = 6;
    private static final int POINTS = ALPHA * ALPHA;
    /// Strips of a group.
    private static final int STRIPS = 8;
    /// Filters that are transformed back in one go.
    private static final int FILTERS = 8;
    /// Floats of a plane's vectors of a group, transformed back along the columns, and along the rows.
    private static final int HALF = 2 * M * ALPHA * L;

    private static final int WHOLE = 2 * M * M * L;
    /// Floats of the tiles of a block.
    private static final int BLOCK_FLOATS = CacheSizes.SECOND_LEVEL / Float.BYTES * 5 / 8;
    /// Channels above which products take most of the time, unless planes are small.
    private static final int MOST_CHANNELS = 16;
    /// Channels or filters times columns: otherwise blocks have too few rows.
    private static final int MOST_PRODUCT = 512;
    /// Rows of tiles of a task.
    private static final int TASK = 32;
    /// A bias that changes no float, not even a zero of either sign.
    private static final float[] NO_BIAS = {-0f};

    private final WinogradTiles tiles;
    private final WinogradTiles.Planes in;
    private final WinogradTiles.Planes out;
    private final float[] bias;
    private final int biasOff;
    private final int biasStep;
    private final float[] kernels;
    private final int kernelStep;
    private final int padOut;
    /// Strips of a row of tiles.
    private final int strips;
    /// Floats of one point of a group.
    private final int slot;
    /// Rows of tiles of a block.
    private final int rows;

    WinogradTileLanes(
            WinogradTiles tiles,
            WinogradTiles.Planes in,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff,
            float[] kernels,
            int kernelStep) {
        this.tiles = tiles;
        this.in = in;
        this.out = out;
        this.bias = bias == null ? NO_BIAS : bias;
        this.biasOff = bias == null ? 0 : biasOff;
        biasStep = bias == null ? 0 : 1;
        this.kernels = kernels;
        this.kernelStep = kernelStep;
        padOut = WinogradProduct.padded(out.channels());
        strips = tiles.width / L;
        slot = Math.max(in.channels(), padOut) * NR + L;
        int groups = Math.max(1, BLOCK_FLOATS / (POINTS * slot));
        rows = Math.max(1, groups * STRIPS / strips);
    }

    /// Whether tiles in lanes are possible and pay: planes are whole strips and whole rows of tiles.
    static boolean suits(WinogradTiles tiles, WinogradTiles.Planes in, WinogradTiles.Planes out) {
        int channels = Math.max(in.channels(), out.channels());
        return L == 8
                && TileLaneProduct.available()
                && tiles.m == M
                && in.width() == tiles.width
                && tiles.width % L == 0
                && tiles.width <= TileLanes.ROW - 2 * L
                && tiles.height % M == 0
                && WinogradProduct.padded(out.channels()) % NR == 0
                && (channels <= MOST_CHANNELS || channels * tiles.width <= MOST_PRODUCT);
    }

    /// False if a result was not finite.
    boolean run() {
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(tiles.rows(), Math.ceilDiv(TASK, rows) * rows, (from, to) -> {
            if (!task(from, to)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    private boolean task(int from, int to) {
        float[] lifted = Scratch.lines(Scratch.WINOGRAD_LANES, rows * ALPHA * TileLanes.ROW);
        Arrays.fill(lifted, LINE, LINE + rows * ALPHA * TileLanes.ROW, 0f); // the zeros beside the planes
        int groups = Math.ceilDiv(rows * strips, STRIPS);
        int[] at = new int[groups * STRIPS];
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, groups * (POINTS + 1) * slot);
        boolean finite = true;
        for (int r = from; r < to; r += rows) {
            finite &= block(r, Math.min(to, r + rows), at, v);
        }
        return finite;
    }

    /// Tile rows [r0, r1) from inputs to outputs.
    private boolean block(int r0, int r1, int[] at, float[] v) {
        int count = (r1 - r0) * strips;
        int groups = Math.ceilDiv(count, STRIPS);
        for (int i = 0; i < groups * STRIPS; i++) {
            int strip = Math.min(i, count - 1); // what is missing to a vector repeats the last
            int r = strip / strips;
            at[i] = LINE + r * ALPHA * TileLanes.ROW + (1 + strip - r * strips) * L - in.left();
        }
        for (int c = 0; c < in.channels(); c++) {
            inputs(r0, r1, c, groups, at, v);
        }
        for (int k = 0; k < POINTS; k++) {
            for (int g = 0; g < groups; g++) {
                int to = LINE + (g * (POINTS + 1) + k) * slot;
                int u = LINE + k * kernelStep;
                TileLaneProduct.run(in.channels(), padOut, kernels, u, v, to + slot, v, to);
            }
        }
        boolean finite = true;
        for (int f = 0; f < out.channels(); f += FILTERS) {
            for (int g = 0; g < groups; g++) {
                finite &= outputs(r0, g, count, f, v);
            }
        }
        return finite;
    }

    /// Transforms the inputs of a channel.
    private void inputs(int r0, int r1, int c, int groups, int[] at, float[] v) {
        float[] lifted = Scratch.lines(Scratch.WINOGRAD_LANES, rows * ALPHA * TileLanes.ROW);
        for (int r = r0; r < r1; ) {
            int n = r / tiles.tileRows;
            int i = r - n * tiles.tileRows;
            int end = Math.min(r1 - r, tiles.tileRows - i);
            lift(n, c, i, end, lifted, LINE + (r - r0) * ALPHA * TileLanes.ROW + L);
            r += end;
        }
        for (int u = 0; u < 2 * groups; u++) {
            int to = LINE + (u / 2 * (POINTS + 1) + 1) * slot + c * NR + u % 2 * L;
            int s = 4 * u;
            if (strips % 4 == 0) {
                TileLanes.pointsOfRow(lifted, at[s], v, to, slot);
            } else {
                TileLanes.points(lifted, at[s], at[s + 1], at[s + 2], at[s + 3], v, to, slot);
            }
        }
    }

    /// Transforms the inputs of tile rows [i, i + count) of a plane along the columns.
    private void lift(int n, int c, int i, int count, float[] dst, int d) {
        int plane = in.off() + n * in.image() + c * in.plane();
        int first = i;
        int end = i + count;
        for (; first < end && first * M < in.top(); first++) {
            edge(plane, first, dst, d + (first - i) * ALPHA * TileLanes.ROW);
        }
        int whole = Math.max(first, Math.min(end, Math.floorDiv(in.height() + in.top() - ALPHA, M) + 1));
        int y = first * M - in.top();
        columns(in.data(), plane + y * in.width(), whole - first, dst, d + (first - i) * ALPHA * TileLanes.ROW);
        for (int r = whole; r < end; r++) {
            edge(plane, r, dst, d + (r - i) * ALPHA * TileLanes.ROW);
        }
    }

    /// The same for a row of tiles that reads rows above or below the plane.
    private void edge(int plane, int i, float[] dst, int d) {
        int width = in.width();
        float[] copy = Scratch.floats(Scratch.WINOGRAD_HALF, ALPHA * width);
        for (int a = 0; a < ALPHA; a++) {
            int y = i * M - in.top() + a;
            if (y >= 0 && y < in.height()) {
                PatchCopy.run(in.data(), plane + y * width, copy, a * width, width);
            } else {
                Arrays.fill(copy, a * width, (a + 1) * width, 0f);
            }
        }
        columns(copy, 0, 1, dst, d);
    }

    private void columns(float[] src, int s, int tileRows, float[] dst, int d) {
        int width = in.width();
        TileLanes.columns(src, s, width, M * width, tileRows, strips, dst, d);
    }

    /// Transforms the products of group g and some filters back and writes them; false if a value is not finite.
    private boolean outputs(int r0, int g, int count, int f, float[] v) {
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, FILTERS * (HALF + WHOLE) + 4 * FILTERS * M * L);
        int from = LINE + g * (POINTS + 1) * slot + f * NR;
        int vectors = 2 * FILTERS;
        for (int b = 0; b < ALPHA; b++) {
            int s = from + b * slot;
            WinogradTransforms.output6(v, s, ALPHA * slot, L, half, LINE + b * L, ALPHA * L, HALF / 2, vectors);
        }
        int whole = LINE + FILTERS * HALF;
        WinogradTransforms.output6(half, LINE, L, ALPHA * L, half, whole, L, M * L, M * vectors);
        boolean finite = true;
        for (int u = 0; u < 2; u++) {
            int strip = g * STRIPS + 4 * u;
            if (strip < count) {
                finite &= store(half, whole + u * WHOLE / 2, r0, strip, count, f);
            }
        }
        return finite;
    }

    /// Writes the strips from number `strip` on, up to four.
    private boolean store(float[] half, int s, int r0, int strip, int count, int f) {
        float[] y = out.data();
        int width = tiles.width;
        int plane = out.plane();
        int planes = Math.min(FILTERS, out.channels() - f);
        int b = biasOff + f * biasStep;
        if (strip + 4 <= count) {
            int t0 = target(r0, strip, f);
            int t1 = target(r0, strip + 1, f);
            int t2 = target(r0, strip + 2, f);
            int t3 = target(r0, strip + 3, f);
            return TileLanes.rows(half, s, WHOLE, planes, y, t0, t1, t2, t3, plane, width, bias, b, biasStep);
        }
        int t = LINE + FILTERS * (HALF + WHOLE);
        int step = FILTERS * M * L;
        boolean finite = TileLanes.rows(
                half, s, WHOLE, planes, half, t, t + step, t + 2 * step, t + 3 * step, M * L, L, bias, b, biasStep);
        for (int i = strip; i < Math.min(strip + 4, count); i++, t += step) {
            int to = target(r0, i, f);
            for (int p = 0; p < planes; p++) {
                for (int a = 0; a < M; a++) {
                    PatchCopy.run(half, t + (p * M + a) * L, y, to + p * plane + a * width, L);
                }
            }
        }
        return finite;
    }

    /// Where the first output of a strip and of filter f lies.
    private int target(int r0, int strip, int f) {
        int row = strip / strips;
        int n = (r0 + row) / tiles.tileRows;
        int y = (r0 + row - n * tiles.tileRows) * M;
        return out.off() + n * out.image() + f * out.plane() + y * tiles.width + (strip - row * strips) * L;
    }
}
