package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.NonFiniteConv;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Convolutions with a stride of two and kernels of 7 x 7 or 8 x 8, a network's stem, by [Winograd]'s algorithm:
/// forward and weight gradient.
///
/// ```
///   x, phase (a, b) of a channel:   x'[y, x] = x[2 y + a - top, 2 x + b - left]     four channels, with zeros around
///   kernel of that channel:         g'[i, j] = g[2 i + a, 2 j + b]                  4 x 4, zero beyond its end
///   y = sum over channels and phases of g' * x', at stride 1:                       F(4, 4), 49 points for 16 outputs
/// ```
///
/// With three channels that is 37 multiplications an output instead of 147.
public final class WinogradStrided {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    private static final int OUTPUTS = 4;
    private static final int KERNEL = 4;
    private static final int TAPS = KERNEL * KERNEL;
    private static final int PHASES = 4;
    /// Floats of phases that are kept at once.
    private static final int PHASE_FLOATS = 1 << 22;
    private static final int MIN_CHANNELS = 3;
    private static final int MIN_FILTERS = 16;
    /// Outputs along an axis that fill some tiles.
    private static final int MIN_EXTENT = 16;
    /// Rows of tiles of a task.
    private static final int TASK_ROWS = 2;
    /// Rows of tiles that are worth sums of their own, and the most sums.
    private static final int PART_ROWS = 8;

    private static final int MAX_PARTS = 16;

    private final ConvShape s;
    private final int channels;
    /// Channels in whole tiles of registers, and filters in whole panels.
    private final int rows;

    private final int filters;
    /// Floats from one point of the transformed kernels to the next.
    private final int kernelStep;

    private final int height;
    private final int width;
    /// Images at once.
    private final int images;

    private WinogradStrided(ConvShape s) {
        this.s = s;
        channels = PHASES * s.channels();
        rows = Math.ceilDiv(channels, StridedKernel.ROWS) * StridedKernel.ROWS;
        filters = Math.ceilDiv(s.filters(), NR) * NR;
        kernelStep = filters * channels + L;
        height = s.outHeight() + KERNEL - 1;
        width = s.outWidth() + KERNEL - 1;
        images = Math.clamp(PHASE_FLOATS / ((long) channels * height * width), 1, s.batch());
    }

    /// Whether the algorithm exists for this convolution and pays: with vectors of 16 lanes it is no gain
    /// (measured: docs/design-notes.md).
    public static boolean suits(ConvShape s) {
        return WinogradMode.current() == WinogradMode.F4
                && L >= 4
                && L <= 8
                && s.groups() == 1
                && fits(s.kernelH(), s.strideH(), s.dilationH(), s.outHeight())
                && fits(s.kernelW(), s.strideW(), s.dilationW(), s.outWidth())
                && s.channels() >= MIN_CHANNELS
                && PHASES * s.channels() <= StridedKernel.PITCH
                && s.filters() >= MIN_FILTERS
                && (long) PHASES * s.channels() * (s.outHeight() + KERNEL) * (s.outWidth() + KERNEL) <= PHASE_FLOATS;
    }

    private static boolean fits(int kernel, int stride, int dilation, int outputs) {
        return (kernel + 1) / 2 == KERNEL && stride == 2 && dilation == 1 && outputs >= MIN_EXTENT;
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
        return new WinogradStrided(s).forward(x, xo, w, wo, bias, biasOff, y, yo);
    }

    /// Overwrites `dw`; false if an element of it is not finite.
    public static boolean weightGradient(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        new WinogradStrided(s).weightGradient(dy, dyo, x, xo, dw, dwo);
        return NonFiniteConv.finite(dw, dwo, s.weights());
    }

    private boolean forward(
            float[] x, int xo, float[] w, int wo, float @Nullable [] bias, int biasOff, float[] y, int yo) {
        float[] kernels = transformed(w, wo);
        if (StridedTileLanes.available()) {
            float[] packed = StridedTileLanes.pack(kernels, kernelStep, channels, s.filters());
            WinogradTiles.Planes out = outputs(0, y, yo);
            return new StridedTileLanes(s, tiles(s.batch()), x, xo, packed, out, bias, biasOff).run();
        }
        AtomicBoolean finite = new AtomicBoolean(true);
        for (int n = 0; n < s.batch(); n += images) {
            int count = Math.min(images, s.batch() - n);
            WinogradTiles tiles = tiles(count);
            WinogradTiles.Planes in = phases(n, count, x, xo);
            WinogradTiles.Planes out = outputs(n, y, yo);
            Parallel.forRange(tiles.rows(), TASK_ROWS, (from, to) -> {
                for (int r = from; r < to; r++) {
                    if (!row(tiles, r, in, kernels, out, bias, biasOff)) {
                        finite.set(false);
                    }
                }
            });
        }
        return finite.get();
    }

    /// The transformed kernels: point k of panel f of filters from `LINE + k * kernelStep + f * channels` on.
    private float[] transformed(float[] w, int wo) {
        float[] split = Scratch.floats(Scratch.CONV_PARTIAL, filters * channels * TAPS);
        exchange(true, w, wo, split);
        WinogradKernels source = new WinogradKernels(split, 0, channels * TAPS, TAPS, false, channels, filters, KERNEL);
        WinogradTiles tiles = tiles(1);
        float[] kernels = Scratch.lines(Scratch.WINOGRAD_KERNEL, tiles.points * kernelStep);
        for (int f = 0; f < filters; f += L) {
            source.transform(tiles, f, kernels, LINE, kernelStep);
        }
        return kernels;
    }

    /// A row of tiles, forward: its inputs meet a panel of filters after the other.
    private boolean row(
            WinogradTiles tiles,
            int r,
            WinogradTiles.Planes in,
            float[] kernels,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff) {
        int count = StridedKernel.padded(tiles.tileColumns);
        int step = count * L + L;
        int half = tiles.points * step;
        float[] v = inputs(tiles, r, in);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, 2 * half);
        boolean finite = true;
        for (int f = 0; f < filters; f += NR) {
            for (int k = 0; k < tiles.points; k++) {
                int u = LINE + k * kernelStep + f * channels;
                int to = LINE + k * step;
                StridedKernel.product(count, channels, v, LINE + k * inStep(tiles), kernels, u, p, to, half + to);
            }
            for (int c = f; c < Math.min(f + NR, s.filters()); c += L) {
                int from = LINE + (c - f) / L * half - c;
                finite &= tiles.outputs(p, from, step, L, r, r + 1, c, out, bias, biasOff);
            }
        }
        return finite;
    }

    /// The transformed inputs of a row of tiles: point k of tile t from `LINE + k * inStep + t * PITCH` on.
    private float[] inputs(WinogradTiles tiles, int r, WinogradTiles.Planes in) {
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.points * inStep(tiles) + StridedKernel.PITCH);
        for (int c = 0; c < channels; c += L) {
            tiles.transform(in, false, r, r + 1, c, v, LINE, inStep(tiles), StridedKernel.PITCH);
        }
        return v;
    }

    private static int inStep(WinogradTiles tiles) {
        return StridedKernel.padded(tiles.tileColumns) * StridedKernel.PITCH + L;
    }

    private void weightGradient(float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        int points = tiles(1).points;
        int sumFloats = filters * rows * points;
        int parts = Math.clamp(tiles(images).rows() / PART_ROWS, 1, MAX_PARTS);
        float[] sums = Scratch.lines(Scratch.WINOGRAD_KERNEL, parts * sumFloats);
        Arrays.fill(sums, LINE, LINE + parts * sumFloats, 0f);
        for (int n = 0; n < s.batch(); n += images) {
            int count = Math.min(images, s.batch() - n);
            WinogradTiles tiles = tiles(count);
            WinogradTiles.Planes in = phases(n, count, x, xo);
            WinogradTiles.Planes gradients = outputs(n, dy, dyo);
            Parallel.forRange(parts, 1, (from, to) -> {
                for (int p = from; p < to; p++) {
                    int last = (int) ((long) (p + 1) * tiles.rows() / parts);
                    for (int r = (int) ((long) p * tiles.rows() / parts); r < last; r++) {
                        addRow(tiles, r, in, gradients, sums, LINE + p * sumFloats);
                    }
                }
            });
        }
        for (int p = 1; p < parts; p++) {
            BinaryLoops.add(sums, LINE, sums, LINE + p * sumFloats, sums, LINE, sumFloats);
        }
        float[] split = Scratch.floats(Scratch.CONV_PARTIAL, s.filters() * channels * TAPS);
        for (int f = 0; f < s.filters(); f += L) {
            kernelGradient(f, sums, split);
        }
        exchange(false, dw, dwo, split);
    }

    /// Adds what a row of tiles contributes to the sums: those of point k, panel f of filters and channel c from
    /// `so + (f * points + k * NR) * rows + c * NR` on.
    private void addRow(
            WinogradTiles tiles, int r, WinogradTiles.Planes in, WinogradTiles.Planes gradients, float[] sums, int so) {
        int count = tiles.tileColumns;
        int step = count * L + L;
        int half = tiles.points * step;
        float[] v = inputs(tiles, r, in);
        float[] z = Scratch.lines(Scratch.WINOGRAD_OUT, 2 * half);
        for (int f = 0; f < filters; f += NR) {
            for (int c = f; c < f + NR; c += L) {
                tiles.transform(gradients, true, r, r + 1, c, z, LINE + (c - f) / L * half - c, step, L);
            }
            for (int k = 0; k < tiles.points; k++) {
                int at = so + (f * tiles.points + k * NR) * rows;
                for (int c = 0; c < rows; c += StridedKernel.ROWS) {
                    int from = LINE + k * inStep(tiles) + c;
                    int to = LINE + k * step;
                    StridedKernel.outer(count, v, from, z, to, half + to, sums, at + c * NR);
                }
            }
        }
    }

    /// `G' sums G` for L filters from f on.
    private void kernelGradient(int f, float[] sums, float[] split) {
        WinogradTiles tiles = tiles(1);
        int alpha = tiles.alpha;
        int point = rows * NR;
        float[] half = Scratch.floats(Scratch.WINOGRAD_HALF, KERNEL * alpha * L);
        float[] taps = Scratch.floats(Scratch.WINOGRAD_LANES, TAPS * L);
        for (int c = 0; c < channels; c++) {
            int at = LINE + f / NR * tiles.points * point + c * NR + f % NR;
            WinogradSevens.kernelGradient(sums, at, alpha * point, point, half, 0, alpha * L, L, alpha);
            WinogradSevens.kernelGradient(half, 0, L, alpha * L, taps, 0, L, KERNEL * L, KERNEL);
            int to = (f * channels + c) * TAPS;
            ChannelLanes.scatter(taps, 0, TAPS, split, to, channels * TAPS, Math.min(L, s.filters() - f), null, 0);
        }
    }

    private WinogradTiles tiles(int count) {
        return new WinogradTiles(OUTPUTS, KERNEL, count, s.outHeight(), s.outWidth());
    }

    private WinogradTiles.Planes outputs(int n, float[] y, int yo) {
        return Winograd.outputs(s, y, yo + n * s.filters() * s.outHeight() * s.outWidth(), 0, 0);
    }

    /// The phases of images [n, n + count) as planes with zeros around them.
    private WinogradTiles.Planes phases(int n, int count, float[] x, int xo) {
        int plane = height * width;
        float[] split = Scratch.floats(Scratch.PLANE, count * channels * plane);
        Parallel.forRange(count * s.channels(), 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                split(x, xo + (n * s.channels() + i) * s.height() * s.width(), split, i * PHASES * plane);
            }
        });
        return new WinogradTiles.Planes(split, 0, channels * plane, plane, channels, height, width, 0, 0);
    }

    /// The phases of one plane.
    private void split(float[] x, int xo, float[] dst, int d) {
        for (int r = 0; r < 2 * height; r++) {
            int row = r - s.padH();
            for (int b = 0; b < 2; b++) {
                int to = d + ((r % 2 * 2 + b) * height + r / 2) * width;
                if (row < 0 || row >= s.height()) {
                    PatchCopy.zero(dst, to, width);
                } else {
                    PatchCopy.clipped(x, xo + row * s.width(), s.width(), b - s.padW(), 2, dst, to, width);
                }
            }
        }
    }

    /// Copies the weight to the kernels of all phases, or back.
    private void exchange(boolean split, float[] w, int wo, float[] kernels) {
        if (split) {
            Arrays.fill(kernels, s.filters() * channels * TAPS, filters * channels * TAPS, 0f);
        }
        for (int k = 0; k < s.filters() * channels; k++) {
            int from = wo + k / PHASES * s.taps();
            for (int t = 0; t < TAPS; t++) {
                int i = t / KERNEL * 2 + k % PHASES / 2;
                int j = t % KERNEL * 2 + k % 2;
                boolean inside = i < s.kernelH() && j < s.kernelW();
                if (split) {
                    kernels[k * TAPS + t] = inside ? w[from + i * s.kernelW() + j] : 0f;
                } else if (inside) {
                    w[from + i * s.kernelW() + j] = kernels[k * TAPS + t];
                }
            }
        }
    }
}
