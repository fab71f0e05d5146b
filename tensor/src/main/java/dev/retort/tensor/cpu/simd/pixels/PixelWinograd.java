package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PackedWeights;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.winograd.Winograd;
import dev.retort.tensor.cpu.simd.winograd.WinogradMode;
import dev.retort.tensor.cpu.simd.winograd.WinogradProduct;
import dev.retort.tensor.cpu.simd.winograd.WinogradTiles;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// [Winograd]'s convolution with kernels transformed beforehand, on images whose channels lie together: a vector of
/// channels of a pixel is read as it lies, and results get bias, shortcut and ReLU on their way out ([PixelRows]).
///
/// The bits depend on neither tasks nor threads, as there.
public final class PixelWinograd {
    private static final int L = Lanes.LENGTH;
    private static final int LINE = Scratch.LINE;
    /// Floats of transformed inputs and outputs of a task.
    private static final int TASK_FLOATS = 1 << 18;
    /// Floats of transformed kernels from which they are read from memory again for every task; then tasks are larger.
    private static final int KEPT_KERNELS = 1 << 18;

    /// With fewer tasks the parts of a task are shared out instead.
    private static final int FEW_TASKS = 4;

    private static final int MIN_TILES = 48;
    /// With more weights than that, the transformed kernels, four times as large, take as long to read as is saved
    /// (measured: docs/design-notes.md), and that is more where vectors are shorter.
    private static final int MAX_WEIGHTS_A_PIXEL = L >= 16 ? 1 << 11 : 1 << 12;

    private static final int MAX_TILES = 256;

    private final ConvShape s;
    private final WinogradTiles tiles;
    private final float[] bias;
    private final PackedWeights kernels;
    private final int kernelStep;
    private final int columns;

    /// Transforms the kernels `w[wo …]` `[filters, channels, 3, 3]`.
    public PixelWinograd(ConvShape s, float[] w, int wo, float @Nullable [] bias, int biasOff) {
        this.s = s;
        tiles = new WinogradTiles(WinogradMode.current().outputs, s.batch(), s.outHeight(), s.outWidth());
        this.bias = new float[s.filters()];
        if (bias != null) {
            System.arraycopy(bias, biasOff, this.bias, 0, s.filters());
        }
        kernelStep = s.filters() * s.channels() + L;
        kernels = PackedWeights.of(tiles.points * kernelStep);
        Winograd.transformKernels(tiles, s, w, wo, kernels.data(), kernels.at(), kernelStep);
        columns = tiles.m * tiles.tileColumns + 2;
    }

    /// Whether this way suits a convolution with finite weights and pays for it.
    public static boolean suits(ConvShape s) {
        return Winograd.exists(s)
                && s.channels() % WinogradProduct.PAD == 0
                && s.filters() % WinogradProduct.PAD == 0
                && s.weights() <= (long) s.batch() * s.outHeight() * s.outWidth() * MAX_WEIGHTS_A_PIXEL;
    }

    /// `y = conv(x) + bias`, plus a shortcut, then ReLU, as [PixelConv#run]; false if a result was not finite: then y
    /// holds nothing of use.
    public boolean run(PixelPlanes x, float @Nullable [] shortcut, int shortcutOff, boolean relu, float[] y, int yo) {
        float[] data = x.data();
        int off = x.off();
        if (!x.channelsLast(s.channels(), s.height(), s.width())) {
            data = Scratch.floats(Scratch.PLANE, s.batch() * s.channels() * s.height() * s.width());
            off = 0;
            x.pad(s.batch(), s.channels(), s.height(), s.width(), 0, 0, data);
        }
        return tasks(data, off, new PixelRows(bias, shortcut, shortcutOff, relu, y, yo));
    }

    private boolean tasks(float[] x, int xo, PixelRows rows) {
        int wanted = TASK_FLOATS / (tiles.points * (s.channels() + s.filters()));
        boolean kept = tiles.points * kernelStep <= KEPT_KERNELS;
        int least = kept ? MIN_TILES : MAX_TILES;
        int grain = Math.max(1, Math.max(least, Math.min(MAX_TILES, wanted)) / tiles.tileColumns);
        int tasks = tiles.rows() < 2 * grain ? 1 : (tiles.rows() + grain - 1) / grain;
        if (kept) { // tiles stay with their thread: what one transforms, another would have to fetch
            tasks = Math.max(tasks, Math.min(Parallel.threads(), tiles.rows()));
        }
        grain = (tiles.rows() + tasks - 1) / tasks;
        AtomicBoolean finite = new AtomicBoolean(true);
        if (tasks < FEW_TASKS && !kept) {
            for (int r = 0; r < tiles.rows(); r += grain) {
                task(x, xo, r, Math.min(tiles.rows(), r + grain), rows, finite);
            }
        } else {
            Parallel.forRange(tiles.rows(), grain, (r0, r1) -> task(x, xo, r0, r1, rows, finite));
        }
        return finite.get();
    }

    /// Tile rows [r0, r1); its parts run in parallel if this is not inside a parallel loop.
    private void task(float[] x, int xo, int r0, int r1, PixelRows rows, AtomicBoolean finite) {
        int count = WinogradProduct.paddedTiles((r1 - r0) * tiles.tileColumns, s.filters());
        int inStep = count * s.channels() + L;
        int outStep = count * s.filters() + L;
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.points * inStep);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        Parallel.forRange(s.channels() / L, 1, (from, to) -> {
            for (int b = from; b < to; b++) {
                transform(x, xo, r0, r1, b * L, v, inStep);
            }
        });
        Parallel.forRange(tiles.points, 1, (from, to) -> {
            for (int k = from; k < to; k++) {
                multiply(k, count, v, inStep, p, outStep);
            }
        });
        Parallel.forRange(s.filters() / L, 1, (from, to) -> {
            for (int b = from; b < to; b++) {
                if (!outputs(p, outStep, r0, r1, b * L, rows)) {
                    finite.set(false);
                }
            }
        });
    }

    private void multiply(int k, int count, float[] v, int inStep, float[] p, int outStep) {
        int channels = s.channels();
        WinogradProduct.run(
                count,
                channels,
                s.filters(),
                v,
                LINE + k * inStep,
                channels,
                kernels.data(),
                kernels.at() + k * kernelStep,
                p,
                LINE + k * outStep);
    }

    /// Point k of tile t (counted from row r0) of channels [c, c + L) to `dst[k * step + t * channels + c]`.
    private void transform(float[] x, int xo, int r0, int r1, int c, float[] dst, int step) {
        int line = columns * L;
        int alpha = tiles.alpha;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, alpha * line);
        float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, alpha * line);
        int left = Math.min(s.padW(), columns);
        int inside = Math.min(s.width(), columns - left);
        for (int a = 0; a < alpha; a++) {
            int at = LINE + a * line;
            Arrays.fill(half, at, at + left * L, 0f);
            Arrays.fill(half, at + (left + inside) * L, at + line, 0f);
        }
        int row = s.width() * s.channels();
        for (int r = r0; r < r1; r++) {
            int n = r / tiles.tileRows;
            int y = (r - n * tiles.tileRows) * tiles.m - s.padH();
            int from = xo + (n * s.height() + y) * row + c;
            if (y >= 0 && y + alpha <= s.height()) {
                tiles.lift(false, x, from, row, s.channels(), half, LINE + left * L, line, L, inside);
            } else {
                gather(x, from, y, inside, lanes);
                tiles.lift(false, lanes, LINE, inside * L, L, half, LINE + left * L, line, L, inside);
            }
            int to = LINE + (r - r0) * tiles.tileColumns * s.channels() + c;
            for (int a = 0; a < alpha; a++) {
                int point = to + a * alpha * step;
                tiles.lift(
                        false,
                        half,
                        LINE + a * line,
                        L,
                        tiles.m * L,
                        dst,
                        point,
                        step,
                        s.channels(),
                        tiles.tileColumns);
            }
        }
    }

    /// Copies the rows from y on that the image has; the others are zeros.
    private void gather(float[] x, int from, int y, int inside, float[] lanes) {
        for (int a = 0; a < tiles.alpha; a++) {
            int d = LINE + a * inside * L;
            if (y + a < 0 || y + a >= s.height()) {
                Arrays.fill(lanes, d, d + inside * L, 0f);
            } else {
                ChannelLanes.copy(x, from + a * s.width() * s.channels(), s.channels(), inside, lanes, d);
            }
        }
    }

    /// The outputs of filters [f, f + L) of tile rows [r0, r1); false if one is not finite.
    private boolean outputs(float[] src, int step, int r0, int r1, int f, PixelRows rows) {
        int alpha = tiles.alpha;
        int m = tiles.m;
        int line = m * tiles.tileColumns * L;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, alpha * line);
        float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, m * line);
        int strip = tiles.tileColumns * alpha * L;
        boolean finite = true;
        for (int r = r0; r < r1; r++) {
            int from = LINE + (r - r0) * tiles.tileColumns * s.filters() + f;
            for (int b = 0; b < alpha; b++) {
                tiles.lower(
                        src,
                        from + b * step,
                        alpha * step,
                        s.filters(),
                        half,
                        LINE + b * L,
                        strip,
                        alpha * L,
                        tiles.tileColumns);
            }
            tiles.lower(half, LINE, L, alpha * L, lanes, LINE, L, m * L, m * tiles.tileColumns);
            finite &= WinogradTiles.finite(lanes, LINE, m * line);
            int n = r / tiles.tileRows;
            int y = (r - n * tiles.tileRows) * m;
            for (int a = 0; a < Math.min(m, tiles.height - y); a++) {
                int pixel = (n * tiles.height + y + a) * tiles.width;
                rows.store(lanes, LINE + a * line, L, tiles.width, pixel, s.filters(), f, L);
            }
        }
        return finite;
    }
}
