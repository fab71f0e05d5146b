package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.NonFiniteConv;

/// Weight gradient of a 3 x 3 convolution at stride 1 by the transposed form of [Winograd]'s algorithm:
/// `dw = G' (sum over tiles of (A dy A') * (B' x B)) G`.
///
/// The tiles are cut into parts, set by the sizes alone. A part is one task with sums of its own: it transforms a
/// block of tiles after the other and multiplies it while it is in the second-level cache of the core. The parts' sums
/// are added in order.
public final class WinogradWeightGrad {
    private static final int L = Lanes.LENGTH;
    /// Floats of a block's transformed tiles.
    private static final int BLOCK_FLOATS = 1 << 18;
    private static final int MIN_BLOCK = 64;
    private static final int MAX_BLOCK = 128;
    private static final int MAX_PARTS = 32;
    /// Tiles that a part has at least.
    private static final int MIN_PART = 128;
    /// With fewer parts a task is a row of points instead ([WinogradWideGrad]).
    private static final int MIN_PARTS = 4;
    /// Floats of the sums of all parts.
    private static final int SUM_FLOATS = 1 << 21;

    private final WinogradTiles tiles;
    private final WinogradTiles.Planes inputs;
    private final WinogradTiles.Planes gradients;
    private final int padIn;
    private final int padOut;
    /// Floats from the sums of one point to those of the next.
    private final int sumStep;

    private WinogradWeightGrad(ConvShape s, float[] dy, int dyo, float[] x, int xo) {
        tiles = new WinogradTiles(WinogradMode.current().outputs, s.batch(), s.outHeight(), s.outWidth());
        inputs = Winograd.inputs(s, x, xo);
        gradients = Winograd.outputs(s, dy, dyo, 0, 0);
        padIn = WinogradProduct.padded(s.channels());
        padOut = WinogradProduct.padded(s.filters());
        sumStep = padIn * padOut;
    }

    /// Overwrites `dw`; false if an element of it is not finite.
    public static boolean run(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        WinogradWeightGrad run = new WinogradWeightGrad(s, dy, dyo, x, xo);
        run.run(dw, dwo);
        return NonFiniteConv.finite(dw, dwo, s.weights());
    }

    private void run(float[] dw, int dwo) {
        int sumFloats = tiles.points * sumStep;
        int count = tiles.rows() * tiles.tileColumns;
        int wanted = Math.min(Math.min(MAX_PARTS, count / MIN_PART), SUM_FLOATS / sumFloats);
        int rows = (tiles.rows() + Math.max(1, wanted) - 1) / Math.max(1, wanted);
        int parts = wanted < MIN_PARTS ? 1 : (tiles.rows() + rows - 1) / rows;
        float[] sums = Scratch.lines(Scratch.WINOGRAD_KERNEL, parts * sumFloats);
        if (parts == 1) {
            WinogradWideGrad.run(tiles, inputs, gradients, sums);
        } else {
            Parallel.forRange(parts, 1, (from, to) -> {
                for (int p = from; p < to; p++) {
                    part(p * rows, Math.min(tiles.rows(), (p + 1) * rows), sums, Scratch.LINE + p * sumFloats);
                }
            });
        }
        Parallel.forRange(gradients.channels(), 8, (from, to) -> {
            for (int f = from; f < to; f++) {
                kernelGradient(f, parts, sums, dw, dwo + f * inputs.channels() * 9);
            }
        });
    }

    /// Sums over tile rows [r0, r1).
    private void part(int r0, int r1, float[] sums, int so) {
        int wanted = BLOCK_FLOATS / (tiles.points * (padIn + padOut));
        int rows = Math.max(1, Math.max(MIN_BLOCK, Math.min(MAX_BLOCK, wanted)) / tiles.tileColumns);
        int inStep = rows * tiles.tileColumns * padIn + L;
        int outStep = rows * tiles.tileColumns * padOut + L;
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.points * inStep);
        float[] z = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        for (int r = r0; r < r1; r += rows) {
            int end = Math.min(r1, r + rows);
            for (int c = 0; c < padIn; c += L) {
                tiles.transform(inputs, false, r, end, c, v, Scratch.LINE, inStep, padIn);
            }
            for (int c = 0; c < padOut; c += L) {
                tiles.transform(gradients, true, r, end, c, z, Scratch.LINE, outStep, padOut);
            }
            int count = (end - r) * tiles.tileColumns;
            for (int k = 0; k < tiles.points; k++) {
                int zo = Scratch.LINE + k * outStep;
                int vo = Scratch.LINE + k * inStep;
                WinogradOuterProduct.run(r == r0, count, padOut, padIn, z, zo, v, vo, sums, so + k * sumStep);
            }
        }
    }

    /// `G' sums G` for all channels of one filter.
    private void kernelGradient(int f, int parts, float[] sums, float[] dw, int dwo) {
        int alpha = tiles.alpha;
        int partStep = tiles.points * sumStep;
        float[] half = Scratch.floats(Scratch.WINOGRAD_HALF, 3 * alpha * L);
        float[] taps = Scratch.floats(Scratch.WINOGRAD_LANES, 9 * L);
        int row = Scratch.LINE + f * padIn;
        for (int p = 1; p < parts; p++) {
            for (int k = 0; k < tiles.points; k++) {
                int at = row + k * sumStep;
                BinaryLoops.add(sums, at, sums, at + p * partStep, sums, at, padIn);
            }
        }
        for (int c = 0; c < inputs.channels(); c += L) {
            int at = row + c;
            if (tiles.m == 4) {
                WinogradTransforms.kernelGradient6(sums, at, alpha * sumStep, sumStep, half, 0, alpha * L, L, alpha);
                WinogradTransforms.kernelGradient6(half, 0, L, alpha * L, taps, 0, L, 3 * L, 3);
            } else {
                WinogradTransforms.kernelGradient4(sums, at, alpha * sumStep, sumStep, half, 0, alpha * L, L, alpha);
                WinogradTransforms.kernelGradient4(half, 0, L, alpha * L, taps, 0, L, 3 * L, 3);
            }
            int lanes = Math.min(L, inputs.channels() - c);
            for (int l = 0; l < lanes; l++) {
                for (int t = 0; t < 9; t++) {
                    dw[dwo + (c + l) * 9 + t] = taps[t * L + l];
                }
            }
        }
    }
}
