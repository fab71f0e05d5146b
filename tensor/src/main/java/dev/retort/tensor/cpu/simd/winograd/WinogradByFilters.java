package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// [Winograd]'s convolution where the transformed kernels are larger than the tiles: many channels, few pixels.
///
/// All tiles are transformed first. Then a task takes some filters: it transforms the kernels of one row
/// of points after the other, which never leave its cache, and multiplies them with all tiles. Each
/// output is the same chain as there.
final class WinogradByFilters {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    /// Vectors of filters from which a task takes more of them.
    private static final int MANY = 32;
    /// Rows of tiles that are transformed in one go.
    private static final int STRIP = 8;
    /// Floats of transformed kernels that are worth it: they would not stay in the second-level cache.
    private static final int MIN_KERNELS = 1 << 21;
    /// Tiles at once.
    private static final int MAX_TILES = 256;
    /// Floats of them.
    private static final int MAX_FLOATS = 1 << 23;

    private final WinogradTiles tiles;
    private final WinogradTiles.Planes in;
    private final WinogradTiles.Planes out;
    private final float @Nullable [] bias;
    private final int biasOff;
    private final WinogradKernels kernels;
    private final int padIn;
    private final int padOut;
    private final int filters;
    private final int inStep;
    private final int outTiles;
    private final int chunk;

    private WinogradByFilters(
            WinogradTiles tiles,
            WinogradTiles.Planes in,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff,
            WinogradKernels kernels) {
        this.tiles = tiles;
        this.in = in;
        this.out = out;
        this.bias = bias;
        this.biasOff = biasOff;
        this.kernels = kernels;
        padIn = WinogradProduct.padded(in.channels());
        padOut = WinogradProduct.padded(out.channels());
        filters = (padOut < MANY * L ? 1 : 2) * NR;
        int most = Math.max(1, Math.min(MAX_TILES, MAX_FLOATS / (tiles.points * padIn)) / tiles.tileColumns);
        int chunks = (tiles.rows() + most - 1) / most;
        chunk = (tiles.rows() + chunks - 1) / chunks;
        outTiles = WinogradProduct.paddedTiles(chunk * tiles.tileColumns, padOut);
        inStep = outTiles * padIn + L;
    }

    /// Whether this way is the faster one (measured: docs/design-notes.md).
    static boolean suits(WinogradTiles tiles, int channels, int filters) {
        return (long) tiles.points * channels * filters >= MIN_KERNELS;
    }

    /// False if a result was not finite.
    static boolean run(
            WinogradTiles tiles,
            WinogradTiles.Planes in,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff,
            WinogradKernels kernels) {
        return new WinogradByFilters(tiles, in, out, bias, biasOff, kernels).run();
    }

    private boolean run() {
        AtomicBoolean finite = new AtomicBoolean(true);
        for (int r = 0; r < tiles.rows(); r += chunk) {
            chunk(r, Math.min(tiles.rows(), r + chunk), finite);
        }
        return finite.get();
    }

    private void chunk(int r0, int r1, AtomicBoolean finite) {
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.points * inStep);
        int strips = (r1 - r0 + STRIP - 1) / STRIP;
        int blocks = padIn / L;
        Parallel.forRange(strips * blocks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int first = t / blocks * STRIP;
                int d = LINE + first * tiles.tileColumns * padIn;
                int last = Math.min(r1, r0 + first + STRIP);
                tiles.transform(in, false, r0 + first, last, t % blocks * L, v, d, inStep, padIn);
            }
        });
        Parallel.forRange((padOut + filters - 1) / filters, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                if (!filters(v, r0, r1, t * filters, Math.min(filters, padOut - t * filters))) {
                    finite.set(false);
                }
            }
        });
    }

    /// Filters [f, f + width) of the tile rows [r0, r1), whose inputs are `v`.
    private boolean filters(float[] v, int r0, int r1, int f, int width) {
        int count = WinogradProduct.paddedTiles((r1 - r0) * tiles.tileColumns, padOut);
        int channels = in.channels();
        int tapStep = channels * 9 * L;
        int kernelStep = width * channels + L;
        int outStep = count * width + L;
        float[] taps = Scratch.lines(Scratch.CONV_A, width / L * tapStep);
        float[] u = Scratch.lines(Scratch.CONV_B, tiles.alpha * kernelStep);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        for (int j = 0; j < width; j += L) {
            kernels.gather(f + j, 0, channels, taps, LINE + j / L * tapStep);
        }
        for (int a = 0; a < tiles.alpha; a++) {
            for (int j = 0; j < width; j += L) {
                int panel = j / NR * NR;
                int to = LINE + panel * channels + j - panel;
                int lanes = WinogradProduct.panel(panel, width);
                kernels.row(tiles, a, taps, LINE + j / L * tapStep, channels, u, to, kernelStep, lanes);
            }
            for (int b = 0; b < tiles.alpha; b++) {
                int k = a * tiles.alpha + b;
                int uo = LINE + b * kernelStep;
                WinogradProduct.run(count, channels, width, v, LINE + k * inStep, padIn, u, uo, p, LINE + k * outStep);
            }
        }
        boolean finite = true;
        for (int j = 0; j < width; j += L) {
            finite &= tiles.outputs(p, LINE - f, outStep, width, r0, r1, f + j, out, bias, biasOff);
        }
        return finite;
    }
}
