package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Convolutions with 3 x 3 kernels and a stride of two, which halve planes, by [Winograd]'s algorithm: forward.
///
/// The phases of the stride are the summands of F(2, 2): along an axis two outputs take five products
/// instead of six ([WinogradPairs]), so 2 x 2 outputs take 25 products instead of 36, of which those of
/// one point are summed before they are transformed back:
///
/// ```
///   point (i, j):  M[tile, filter] = sum over parts (a, b) of that point and channels of V[tile, (a, b), channel] U
///   points:        4 parts   4 parts   2 parts
///                  4         4         2
///                  2         2         1
/// ```
public final class WinogradHalving {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    private static final int PITCH = FencedKernel.PITCH;
    private static final int PARTS = WinogradPairs.PARTS;
    /// Points along an axis.
    private static final int ALPHA = 3;

    /// Tiles of a task, about, and where the transformed kernels, which every task reads, are larger than
    /// a second-level cache by far.
    private static final int TASK_TILES = 48;

    private static final int MANY_TILES = 98;
    private static final int MANY_KERNELS = 1 << 19;
    private static final int MIN_CHANNELS = 16;
    /// Outputs of a filter below which the transformed kernels cost more: few kernels, many.
    private static final int MIN_POSITIONS = 192;

    private static final int MIN_MANY_POSITIONS = 512;
    /// Floats of transformed kernels, which every task reads, at most.
    private static final int MAX_KERNELS = 1 << 21;

    private final ConvShape s;
    private final int channels;
    private final int filters;
    private final WinogradTiles tiles;
    private final WinogradTiles.Planes in;

    private WinogradHalving(ConvShape s, float[] x, int xo) {
        this.s = s;
        channels = s.channels();
        filters = s.filters();
        tiles = new WinogradTiles(2, 2, s.batch(), s.outHeight(), s.outWidth());
        in = Winograd.inputs(s, x, xo);
    }

    /// Whether the algorithm exists for this convolution and pays; measured on x86 only.
    public static boolean suits(ConvShape s) {
        return WinogradMode.current() != WinogradMode.OFF
                && FencedKernel.FREE_FENCES
                && L >= 4
                && s.groups() == 1
                && s.kernelH() == 3
                && s.kernelW() == 3
                && s.strideH() == 2
                && s.strideW() == 2
                && s.dilationH() == 1
                && s.dilationW() == 1
                && s.padH() <= 2
                && s.padW() <= 2
                && s.channels() % Math.max(8, L) == 0
                && s.filters() % Math.max(16, NR) == 0
                && Math.min(s.channels(), s.filters()) >= MIN_CHANNELS
                && Math.min(s.outHeight(), s.outWidth()) >= 4
                && (long) s.batch() * s.outHeight() * s.outWidth() >= (many(s) ? MIN_MANY_POSITIONS : MIN_POSITIONS)
                && (long) PARTS * PARTS * s.channels() * s.filters() <= MAX_KERNELS;
    }

    /// Forward; false if a result was not finite.
    public static boolean forward(
            ConvShape s,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        return new WinogradHalving(s, x, xo).forward(w, wo, bias, biasOff, Winograd.outputs(s, y, yo, 0, 0));
    }

    private boolean forward(float[] w, int wo, float @Nullable [] bias, int biasOff, WinogradTiles.Planes out) {
        WinogradKernels source = new WinogradKernels(w, wo, channels * 9, 9, false, channels, filters, 3);
        float[] kernels = Scratch.lines(Scratch.WINOGRAD_KERNEL, PARTS * PARTS * channels * filters);
        Parallel.forRange(filters / L, 1, (from, to) -> {
            for (int f = from; f < to; f++) {
                kernels(source, f * L, kernels);
            }
        });
        int rows = taskRows(s, tiles);
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(tiles.rows(), rows, (r0, r1) -> {
            if (!task(r0, r1, kernels, out, bias, biasOff)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    private static boolean many(ConvShape s) {
        return (long) PARTS * PARTS * s.channels() * s.filters() > MANY_KERNELS;
    }

    /// Rows of tiles of a task.
    static int taskRows(ConvShape s, WinogradTiles tiles) {
        return Math.max(1, (many(s) ? MANY_TILES : TASK_TILES) / tiles.tileColumns);
    }

    /// Rows and columns of parts of a point.
    private static int parts(int point) {
        return point < 2 ? 2 : 1;
    }

    /// Summands of a point: its parts, one after the other.
    private int depth(int point) {
        return parts(point / ALPHA) * parts(point % ALPHA) * channels;
    }

    /// Summands of a point that are multiplied in one go.
    private int block(int point) {
        return evenBlock(depth(point));
    }

    /// Whole vectors of summands: at most as many as suit the first-level cache.
    static int evenBlock(int depth) {
        int blocks = Math.ceilDiv(depth, FencedKernel.DEPTH);
        return Math.ceilDiv(depth, blocks * L) * L;
    }

    /// The point of part (a, b).
    private static int point(int a, int b) {
        return a / 2 * ALPHA + b / 2;
    }

    /// The first summand of part (a, b) at its point.
    private int summand(int a, int b) {
        return (a % 2 * parts(b / 2) + b % 2) * channels;
    }

    /// Where a vector of channels of each part goes in the transformed inputs of `count` tiles.
    private int[] inputPlaces(int count, int c) {
        int[] places = new int[PARTS * PARTS];
        int[] start = new int[ALPHA * ALPHA + 1];
        for (int k = 0; k < ALPHA * ALPHA; k++) {
            start[k + 1] = start[k] + Math.ceilDiv(depth(k), block(k)) * count * PITCH;
        }
        for (int i = 0; i < places.length; i++) {
            int k = point(i / PARTS, i % PARTS);
            int at = summand(i / PARTS, i % PARTS) + c;
            places[i] = start[k] + at / block(k) * count * PITCH + at % block(k);
        }
        return places;
    }

    /// Where those of a channel and filter f go in the transformed kernels.
    private int[] kernelPlaces(int c, int f) {
        int[] places = new int[PARTS * PARTS];
        int[] start = new int[ALPHA * ALPHA + 1];
        for (int k = 0; k < ALPHA * ALPHA; k++) {
            start[k + 1] = start[k] + depth(k) * filters;
        }
        for (int i = 0; i < places.length; i++) {
            int k = point(i / PARTS, i % PARTS);
            int at = summand(i / PARTS, i % PARTS) + c;
            int first = at / block(k) * block(k);
            int depth = Math.min(block(k), depth(k) - first);
            places[i] = start[k] + first * filters + f / NR * NR * depth + (at - first) * NR + f % NR;
        }
        return places;
    }

    /// Transforms the kernels of L filters from f on.
    private void kernels(WinogradKernels source, int f, float[] dst) {
        float[] taps = Scratch.lines(Scratch.WINOGRAD_LANES, 9 * L * L);
        float[] sums = Scratch.lines(Scratch.WINOGRAD_HALF, 9 * L * L);
        for (int c = 0; c < channels; c += L) {
            source.gather(f, c, L, taps, LINE);
            int[] places = kernelPlaces(c, f);
            BinaryLoops.add(taps, LINE, taps, LINE + 6 * L, sums, LINE, 9 * L * L - 6 * L);
            WinogradPairs.kernels(taps, LINE, L, 9 * L, dst, LINE, places, 0, NR, L);
            WinogradPairs.kernels(taps, LINE + 3 * L, L, 9 * L, dst, LINE, places, PARTS, NR, L);
            WinogradPairs.kernels(sums, LINE, L, 9 * L, dst, LINE, places, 2 * PARTS, NR, L);
            WinogradPairs.kernels(taps, LINE + 3 * L, L, 9 * L, dst, LINE, places, 3 * PARTS, NR, L);
            WinogradPairs.kernels(taps, LINE + 6 * L, L, 9 * L, dst, LINE, places, 4 * PARTS, NR, L);
        }
    }

    /// Rows [r0, r1) of tiles, complete; false if a result was not finite.
    private boolean task(
            int r0, int r1, float[] kernels, WinogradTiles.Planes out, float @Nullable [] bias, int biasOff) {
        int count = (r1 - r0) * tiles.tileColumns;
        count += count & 1;
        int outStep = count * filters + L;
        int blocks = 0;
        for (int k = 0; k < tiles.points; k++) {
            blocks += Math.ceilDiv(depth(k), block(k));
        }
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, blocks * count * PITCH);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        for (int c = 0; c < channels; c += L) {
            inputs(r0, r1, c, v, inputPlaces(count, c));
        }
        int vo = LINE;
        int uo = LINE;
        for (int k = 0; k < tiles.points; k++) {
            for (int at = 0; at < depth(k); at += block(k)) {
                int depth = Math.min(block(k), depth(k) - at);
                multiply(at == 0, count, depth, filters, v, vo, kernels, uo, p, LINE + k * outStep);
                vo += count * PITCH;
                uo += depth * filters;
            }
        }
        boolean finite = true;
        for (int f = 0; f < filters; f += L) {
            finite &= tiles.outputs(p, LINE, outStep, filters, r0, r1, f, out, bias, biasOff);
        }
        return finite;
    }

    /// `P[count x width] += V[count x depth] U[depth x width]`, or without what P holds; rows of V are
    /// [FencedKernel#PITCH] floats apart, U is packed in panels of NR columns.
    static void multiply(
            boolean first, int count, int depth, int width, float[] v, int vo, float[] u, int uo, float[] p, int po) {
        float[] f = first ? GemmKernel.ZEROS : p;
        int fs = first ? 0 : width;
        for (int j = 0; j < width; j += NR) {
            for (int i = 0; i < count; i += FencedKernel.MR) {
                int to = po + i * width + j;
                int rows = Math.min(FencedKernel.MR, count - i);
                int from = first ? 0 : to;
                FencedKernel.tile(rows, NR, depth, v, vo + i * PITCH, u, uo + j * depth, f, from, fs, p, to, width);
            }
        }
    }

    /// Transforms a vector of channels of the inputs of rows [r0, r1) of tiles.
    private void inputs(int r0, int r1, int c, float[] v, int[] places) {
        int columns = 4 * tiles.tileColumns + 1;
        int line = columns * L;
        int n = tiles.tileColumns;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, 3 * line);
        for (int r = r0; r < r1; ) {
            int image = r / tiles.tileRows;
            int y = r - image * tiles.tileRows;
            int end = Math.min(r1 - r, tiles.tileRows - y);
            float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, (4 * end + 1) * line);
            in.gather(image, c, 4 * y, 4 * end + 1, columns, lanes, LINE);
            for (int k = 0; k < end; k++, r++) {
                int at = LINE + 4 * k * line;
                int to = LINE + (r - r0) * n * PITCH;
                BinaryLoops.sub(lanes, at, lanes, at + 2 * line, half, LINE, 3 * line);
                WinogradPairs.inputs(half, LINE, v, to, places, 0, PITCH, n);
                WinogradPairs.inputs(half, LINE + line, v, to, places, PARTS, PITCH, n);
                WinogradPairs.inputs(lanes, at + 2 * line, v, to, places, 2 * PARTS, PITCH, n);
                WinogradPairs.inputs(lanes, at + 3 * line, v, to, places, 3 * PARTS, PITCH, n);
                WinogradPairs.inputs(half, LINE + 2 * line, v, to, places, 4 * PARTS, PITCH, n);
            }
        }
    }
}
