package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;

/// Weight gradient of a 3 x 3 convolution at stride 1 by the transposed form of [Winograd]'s algorithm:
/// `dw = G' (sum over tiles of (A dy A') * (B' x B)) G`.
///
/// Blocks of tiles, set by the sizes alone, are transformed by all threads and then multiplied, each point by one
/// thread, so every sum runs over the tiles in order.
final class WinogradWeightGrad {
    private static final int L = Lanes.LENGTH;
    /// Floats of a block's transformed tiles.
    private static final int BLOCK_FLOATS = 1 << 20;
    private static final int MIN_TILES = 128;
    private static final int MAX_TILES = 512;

    private WinogradWeightGrad() {}

    /// Overwrites `dw`; false if an element of it is not finite.
    static boolean run(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        WinogradTiles tiles = new WinogradTiles(WinogradMode.current().outputs, s.batch(), s.outHeight(), s.outWidth());
        WinogradTiles.Planes inputs = Winograd.inputs(s, x, xo);
        WinogradTiles.Planes gradients = Winograd.outputs(s, dy, dyo, 0, 0);
        int padIn = WinogradProduct.padded(s.channels());
        int padOut = WinogradProduct.padded(s.filters());
        int wanted = BLOCK_FLOATS / (tiles.points * (padIn + padOut));
        int rows = Math.max(1, Math.max(MIN_TILES, Math.min(MAX_TILES, wanted)) / tiles.tileColumns);
        int inStep = rows * tiles.tileColumns * padIn + L;
        int outStep = rows * tiles.tileColumns * padOut + L;
        float[] v = Scratch.floats(Scratch.WINOGRAD_IN, tiles.points * inStep);
        float[] z = Scratch.floats(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        int sumStep = padIn * padOut;
        float[] sums = Scratch.floats(Scratch.WINOGRAD_KERNEL, tiles.points * sumStep);
        Arrays.fill(sums, 0, tiles.points * sumStep, 0f);
        for (int r = 0; r < tiles.rows(); r += rows) {
            int r0 = r;
            int r1 = Math.min(tiles.rows(), r + rows);
            transform(tiles, inputs, r0, r1, v, inStep, padIn, gradients, z, outStep, padOut);
            int count = (r1 - r0) * tiles.tileColumns;
            Parallel.forRange(tiles.points, 1, (from, to) -> {
                for (int k = from; k < to; k++) {
                    WinogradOuterProduct.add(count, padOut, padIn, z, k * outStep, v, k * inStep, sums, k * sumStep);
                }
            });
        }
        Parallel.forRange(s.filters(), 8, (from, to) -> {
            for (int f = from; f < to; f++) {
                kernelGradient(tiles, s.channels(), f, sums, sumStep, padIn, dw, dwo + f * s.channels() * 9);
            }
        });
        return NonFiniteConv.finite(dw, dwo, s.weights());
    }

    /// Transforms tile rows [r0, r1) of both operands.
    private static void transform(
            WinogradTiles tiles,
            WinogradTiles.Planes inputs,
            int r0,
            int r1,
            float[] v,
            int inStep,
            int padIn,
            WinogradTiles.Planes gradients,
            float[] z,
            int outStep,
            int padOut) {
        int strips = (r1 - r0 + 7) / 8;
        int inBlocks = padIn / L;
        int blocks = inBlocks + padOut / L;
        Parallel.forRange(strips * blocks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int first = r0 + t / blocks * 8;
                int last = Math.min(r1, first + 8);
                int b = t % blocks;
                int tile = (first - r0) * tiles.tileColumns;
                if (b < inBlocks) {
                    tiles.transform(inputs, false, first, last, b * L, v, tile * padIn, inStep, padIn);
                } else {
                    int c = (b - inBlocks) * L;
                    tiles.transform(gradients, true, first, last, c, z, tile * padOut, outStep, padOut);
                }
            }
        });
    }

    /// `G' sums G` for all channels of one filter.
    private static void kernelGradient(
            WinogradTiles tiles, int channels, int f, float[] sums, int step, int padIn, float[] dw, int dwo) {
        int alpha = tiles.alpha;
        float[] half = Scratch.floats(Scratch.WINOGRAD_HALF, 3 * alpha * L);
        float[] taps = Scratch.floats(Scratch.WINOGRAD_LANES, 9 * L);
        for (int c = 0; c < channels; c += L) {
            int at = f * padIn + c;
            if (tiles.m == 4) {
                WinogradTransforms.kernelGradient6(sums, at, alpha * step, step, half, 0, alpha * L, L, alpha);
                WinogradTransforms.kernelGradient6(half, 0, L, alpha * L, taps, 0, L, 3 * L, 3);
            } else {
                WinogradTransforms.kernelGradient4(sums, at, alpha * step, step, half, 0, alpha * L, L, alpha);
                WinogradTransforms.kernelGradient4(half, 0, L, alpha * L, taps, 0, L, 3 * L, 3);
            }
            int lanes = Math.min(L, channels - c);
            for (int l = 0; l < lanes; l++) {
                for (int t = 0; t < 9; t++) {
                    dw[dwo + (c + l) * 9 + t] = taps[t * L + l];
                }
            }
        }
    }
}
