package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Input gradient of the convolutions of [WinogradHalving] with padding 1, with as many products.
///
/// Along an axis, with dx[j] the gradient of input j and u = (g2, g0 + g2, g0) at the points of F(2, 2):
///
/// ```
///   dx[4 t + 1] = g2 z0 + g0 z1     dx[4 t] = g1 z0             z = dy[2 t], dy[2 t + 1], dy[2 t + 2]
///   dx[4 t + 3] = g2 z1 + g0 z2     dx[4 t + 2] = g1 z1         v = z0 - z1, z1, z1 - z2
///
///   parts:  m0 = u0 v0   m1 = g1 v0   m2 = u1 v1   m3 = g1 v1   m4 = u2 v2
///   dx:     m1 + m3,     m0 + m2,     m3,          m2 - m4
/// ```
///
/// So a tile of 4 x 4 gradients takes 25 products of 9 transformed values.
public final class WinogradHalvingGrad {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    private static final int PITCH = FencedKernel.PITCH;
    private static final int PARTS = WinogradPairs.PARTS;
    private static final int POINTS = 9;

    private final ConvShape s;
    private final int channels;
    private final int filters;
    /// Filters that are summed in one go.
    private final int block;

    private final WinogradTiles tiles;
    private final WinogradTiles.Planes dy;
    private final WinogradTiles.Planes dx;

    private WinogradHalvingGrad(ConvShape s, WinogradTiles.Planes dy, WinogradTiles.Planes dx) {
        this.s = s;
        this.dy = dy;
        this.dx = dx;
        channels = s.channels();
        filters = s.filters();
        block = WinogradHalving.evenBlock(filters);
        tiles = new WinogradTiles(4, 3, s.batch(), s.height(), s.width());
    }

    /// Whether the algorithm exists for this convolution and pays.
    public static boolean suits(ConvShape s) {
        return WinogradHalving.suits(s) && s.padH() == 1 && s.padW() == 1 && s.channels() % Math.max(16, NR) == 0;
    }

    /// Overwrites dx; false if a result was not finite.
    public static boolean run(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        WinogradTiles.Planes from = Winograd.outputs(s, dy, dyo, 0, 0);
        return new WinogradHalvingGrad(s, from, Winograd.inputs(s, dx, dxo)).run(w, wo, bias, biasOff);
    }

    private boolean run(float[] w, int wo, float @Nullable [] bias, int biasOff) {
        WinogradKernels source = new WinogradKernels(w, wo, 9, channels * 9, false, filters, channels, 3);
        float[] kernels = Scratch.lines(Scratch.WINOGRAD_KERNEL, PARTS * PARTS * channels * filters);
        Parallel.forRange(channels / L, 1, (from, to) -> {
            for (int c = from; c < to; c++) {
                kernels(source, c * L, kernels);
            }
        });
        int rows = WinogradHalving.taskRows(s, tiles);
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(tiles.rows(), rows, (r0, r1) -> {
            if (!task(r0, r1, kernels, bias, biasOff)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    /// Transforms the kernels of L channels from c on: part p from `LINE + p * filters * channels` on.
    private void kernels(WinogradKernels source, int c, float[] dst) {
        float[] taps = Scratch.lines(Scratch.WINOGRAD_LANES, 9 * L * L);
        float[] sums = Scratch.lines(Scratch.WINOGRAD_HALF, 9 * L * L);
        int[] places = new int[PARTS * PARTS];
        for (int f = 0; f < filters; f += L) {
            source.gather(c, f, L, taps, LINE);
            int first = f / block * block;
            int depth = Math.min(block, filters - first);
            for (int p = 0; p < places.length; p++) {
                int at = p * filters * channels + first * channels;
                places[p] = at + c / NR * NR * depth + (f - first) * NR + c % NR;
            }
            BinaryLoops.add(taps, LINE, taps, LINE + 6 * L, sums, LINE, 9 * L * L - 6 * L);
            row(taps, 6, dst, places, 0);
            row(taps, 3, dst, places, 1);
            row(sums, 0, dst, places, 2);
            row(taps, 3, dst, places, 3);
            row(taps, 0, dst, places, 4);
        }
    }

    /// The three taps from the given one on, the last one first.
    private static void row(float[] taps, int tap, float[] dst, int[] places, int row) {
        WinogradPairs.kernels(taps, LINE + (tap + 2) * L, -L, 9 * L, dst, LINE, places, row * PARTS, NR, L);
    }

    private boolean task(int r0, int r1, float[] kernels, float @Nullable [] bias, int biasOff) {
        int count = (r1 - r0) * tiles.tileColumns;
        count += count & 1;
        int blocks = Math.ceilDiv(filters, block);
        int outStep = count * channels + L;
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, POINTS * blocks * count * PITCH);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, PARTS * PARTS * outStep);
        int[] places = new int[POINTS];
        for (int f = 0; f < filters; f += L) {
            for (int k = 0; k < POINTS; k++) {
                places[k] = (k * blocks + f / block) * count * PITCH + f % block;
            }
            gradients(r0, r1, f, v, places);
        }
        for (int part = 0; part < PARTS * PARTS; part++) {
            int k = part / PARTS / 2 * 3 + part % PARTS / 2;
            for (int b = 0; b < blocks; b++) {
                int depth = Math.min(block, filters - b * block);
                int vo = LINE + (k * blocks + b) * count * PITCH;
                int uo = LINE + part * filters * channels + b * block * channels;
                WinogradHalving.multiply(b == 0, count, depth, channels, v, vo, kernels, uo, p, LINE + part * outStep);
            }
        }
        boolean finite = true;
        for (int c = 0; c < channels; c += L) {
            finite &= outputs(p, outStep, r0, r1, c, bias, biasOff);
        }
        return finite;
    }

    /// Transforms a vector of filters of the gradients of rows [r0, r1) of tiles.
    private void gradients(int r0, int r1, int f, float[] v, int[] places) {
        int n = tiles.tileColumns;
        int columns = 2 * n + 1;
        int line = columns * L;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, 2 * line);
        for (int r = r0; r < r1; ) {
            int image = r / tiles.tileRows;
            int y = r - image * tiles.tileRows;
            int end = Math.min(r1 - r, tiles.tileRows - y);
            float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, (2 * end + 1) * line);
            dy.gather(image, f, 2 * y, 2 * end + 1, columns, lanes, LINE);
            for (int k = 0; k < end; k++, r++) {
                int at = LINE + 2 * k * line;
                int to = LINE + (r - r0) * n * PITCH;
                BinaryLoops.sub(lanes, at, lanes, at + line, half, LINE, 2 * line);
                WinogradPairs.gradients(half, LINE, v, to, places, 0, PITCH, n);
                WinogradPairs.gradients(lanes, at + line, v, to, places, 3, PITCH, n);
                WinogradPairs.gradients(half, LINE + line, v, to, places, 6, PITCH, n);
            }
        }
    }

    /// Transforms the parts of L channels from c on back; false if a result is not finite.
    private boolean outputs(float[] p, int step, int r0, int r1, int c, float @Nullable [] bias, int biasOff) {
        int n = tiles.tileColumns;
        int strip = n * PARTS * L;
        int line = 4 * n * L;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, 4 * strip);
        float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, 4 * line);
        boolean finite = true;
        for (int r = r0; r < r1; r++) {
            int from = LINE + (r - r0) * n * channels + c;
            for (int b = 0; b < PARTS; b++) {
                int at = from + b * step;
                int to = LINE + b * L;
                WinogradPairs.inputGradients(p, at, PARTS * step, channels, half, to, strip, PARTS * L, n);
            }
            WinogradPairs.inputGradients(half, LINE, L, PARTS * L, lanes, LINE, L, 4 * L, 4 * n);
            finite &= WinogradTiles.finite(lanes, LINE, 4 * line);
            int y = r % tiles.tileRows * 4;
            int at = dx.off() + r / tiles.tileRows * dx.image() + c * dx.plane();
            for (int a = 0; a < Math.min(4, tiles.height - y); a++) {
                int to = at + (y + a) * tiles.width;
                int row = LINE + a * line;
                ChannelLanes.scatter(lanes, row, tiles.width, dx.data(), to, dx.plane(), L, bias, biasOff + c);
            }
        }
        return finite;
    }
}
