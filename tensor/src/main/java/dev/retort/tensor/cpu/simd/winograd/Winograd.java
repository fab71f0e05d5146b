package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.CacheSizes;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Convolution with 3 x 3 kernels at stride 1 by Winograd's minimal filtering (Winograd, 1980; Lavin and Gray, 2015,
/// arXiv 1509.08309): forward, and the input gradient, which is a convolution with the kernels turned around.
///
/// A task transforms the inputs of some rows of tiles, multiplies them point by point with the transformed kernels and
/// transforms back, all inside the second-level cache. Every output depends on its own tile only, so the bits depend
/// on neither tasks nor threads. A value that is not finite spreads over its tile; where one comes out, [#run] gives up
/// and the direct kernels compute everything again.
public final class Winograd {
    private static final int L = Lanes.LENGTH;
    /// Floats of transformed inputs and outputs of a task: the second-level cache, a megabyte at most.
    private static final int TASK_FLOATS = Math.min(1 << 18, CacheSizes.SECOND_LEVEL / Float.BYTES);
    /// Below this many channels or filters the transforms cost more than the products saved.
    private static final int MIN_CHANNELS = 16;
    /// Below this many outputs a filter the transformed kernels cost more.
    private static final int MIN_POSITIONS = 144;

    private static final int MIN_TILES = TASK_FLOATS < 1 << 18 ? 32 : 64;
    private static final int MAX_TILES = 256;

    private final WinogradTiles tiles;
    private final WinogradTiles.Planes in;
    private final WinogradTiles.Planes out;
    private final float @Nullable [] bias;
    private final int biasOff;

    private Winograd(
            WinogradTiles tiles,
            WinogradTiles.Planes in,
            WinogradTiles.Planes out,
            float @Nullable [] bias,
            int biasOff) {
        this.tiles = tiles;
        this.in = in;
        this.out = out;
        this.bias = bias;
        this.biasOff = biasOff;
    }

    /// Whether the algorithm exists for this convolution and pays; measured in docs/design-notes.md.
    public static boolean suits(ConvShape s) {
        return exists(s) && (long) s.batch() * s.outHeight() * s.outWidth() >= MIN_POSITIONS;
    }

    /// The same where the kernels are transformed already.
    public static boolean exists(ConvShape s) {
        return WinogradMode.current() != WinogradMode.OFF
                && s.groups() == 1
                && s.kernelH() == 3
                && s.kernelW() == 3
                && s.strideH() == 1
                && s.strideW() == 1
                && s.dilationH() == 1
                && s.dilationW() == 1
                && s.padH() <= 2
                && s.padW() <= 2
                && Math.min(s.channels(), s.filters()) >= MIN_CHANNELS
                && Math.min(s.outHeight(), s.outWidth()) >= 4;
    }

    /// The planes of the convolution's input.
    static WinogradTiles.Planes inputs(ConvShape s, float[] x, int xo) {
        int plane = s.height() * s.width();
        return new WinogradTiles.Planes(
                x, xo, s.channels() * plane, plane, s.channels(), s.height(), s.width(), s.padH(), s.padW());
    }

    /// The planes of its output.
    static WinogradTiles.Planes outputs(ConvShape s, float[] y, int yo, int top, int left) {
        int plane = s.outHeight() * s.outWidth();
        return new WinogradTiles.Planes(
                y, yo, s.filters() * plane, plane, s.filters(), s.outHeight(), s.outWidth(), top, left);
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
        WinogradTiles tiles = new WinogradTiles(WinogradMode.current().outputs, s.batch(), s.outHeight(), s.outWidth());
        Winograd run = new Winograd(tiles, inputs(s, x, xo), outputs(s, y, yo, 0, 0), bias, biasOff);
        return run.run(new WinogradKernels(w, wo, s.channels() * 9, 9, false, s.channels(), s.filters(), 3));
    }

    /// Input gradient; false if a result was not finite.
    public static boolean inputGradient(
            ConvShape s,
            float[] dy,
            int dyo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] dx,
            int dxo) {
        WinogradTiles tiles = new WinogradTiles(WinogradMode.current().outputs, s.batch(), s.height(), s.width());
        WinogradTiles.Planes source = outputs(s, dy, dyo, 2 - s.padH(), 2 - s.padW());
        Winograd run = new Winograd(tiles, source, inputs(s, dx, dxo), bias, biasOff);
        return run.run(new WinogradKernels(w, wo, 9, s.channels() * 9, true, s.filters(), s.channels(), 3));
    }

    private boolean run(WinogradKernels source) {
        if (WinogradByFilters.suits(tiles, in.channels(), out.channels())) {
            return WinogradByFilters.run(tiles, in, out, bias, biasOff, source);
        }
        int padIn = WinogradProduct.padded(in.channels());
        int padOut = WinogradProduct.padded(out.channels());
        int kernelStep = padOut * in.channels() + L;
        float[] kernels = Scratch.lines(Scratch.WINOGRAD_KERNEL, tiles.points * kernelStep);
        Parallel.forRange(padOut / L, 1, (from, to) -> {
            for (int b = from; b < to; b++) {
                source.transform(tiles, b * L, kernels, Scratch.LINE, kernelStep);
            }
        });
        if (WinogradTileLanes.suits(tiles, in, out)) {
            return new WinogradTileLanes(tiles, in, out, bias, biasOff, kernels, kernelStep).run();
        }
        int wanted = TASK_FLOATS / (tiles.points * (padIn + padOut));
        int count = Math.max(MIN_TILES, Math.min(MAX_TILES, wanted));
        int rows = Math.max(1, count / tiles.tileColumns);
        AtomicBoolean finite = new AtomicBoolean(true);
        Parallel.forRange(tiles.rows(), rows, (r0, r1) -> {
            if (!task(r0, r1, kernels, kernelStep, padIn, padOut)) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    private boolean task(int r0, int r1, float[] kernels, int kernelStep, int padIn, int padOut) {
        int count = WinogradProduct.paddedTiles((r1 - r0) * tiles.tileColumns, padOut);
        int depth = in.channels();
        boolean sixes = WinogradSixes.suits(depth, padOut);
        int pitch = sixes ? WinogradSixes.PITCH : padIn;
        int inStep = count * pitch + L;
        int outStep = count * padOut + L;
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.points * inStep);
        float[] p = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.points * outStep);
        for (int c = 0; c < depth; c += L) {
            tiles.transform(in, false, r0, r1, c, v, Scratch.LINE, inStep, pitch);
        }
        for (int k = 0; k < tiles.points; k++) {
            int vo = Scratch.LINE + k * inStep;
            int uo = Scratch.LINE + k * kernelStep;
            int po = Scratch.LINE + k * outStep;
            if (sixes) {
                WinogradSixes.run(count, depth, padOut, v, vo, kernels, uo, p, po);
            } else {
                WinogradProduct.run(count, depth, padOut, v, vo, padIn, kernels, uo, p, po);
            }
        }
        boolean finite = true;
        for (int c = 0; c < out.channels(); c += L) {
            finite &= tiles.outputs(p, Scratch.LINE, outStep, padOut, r0, r1, c, out, bias, biasOff);
        }
        return finite;
    }

    /// The transformed kernels of the whole convolution `s`, forward, which has whole vectors of channels and filters.
    public static void transformKernels(
            WinogradTiles tiles, ConvShape s, float[] w, int wo, float[] dst, int d, int step) {
        WinogradKernels kernels = new WinogradKernels(w, wo, s.channels() * 9, 9, false, s.channels(), s.filters(), 3);
        Parallel.forRange(s.filters() / L, 1, (from, to) -> {
            for (int b = from; b < to; b++) {
                kernels.transform(tiles, b * L, dst, d, step);
            }
        });
    }
}
