package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;

/// The sums of [WinogradWeightGrad] where those of one point are large: many channels, few tiles.
///
/// ```
///   planes --B'·--> rows of points [a][vector of channels][row of tiles][columns]     all threads
///   row a  --·B---> tiles [b][tile][channel] --product--> sums [a][b]                 one task: a and some filters
/// ```
///
/// So what passes from core to core is transformed in one direction only, and the sums of a task stay in
/// its cache. Each sum runs over the tiles upwards.
final class WinogradWideGrad {
    private static final int L = Lanes.LENGTH;
    private static final int LINE = Scratch.LINE;
    /// Floats of the rows of points of both operands at once.
    private static final int CHUNK_FLOATS = 1 << 22;
    /// Floats of a block's transformed tiles of one row of points.
    private static final int BLOCK_FLOATS = 1 << 18;
    private static final int MIN_BLOCK = 64;
    /// Rows of tiles that are transformed in one go.
    private static final int STRIP = 8;

    private final WinogradTiles tiles;
    private final Operand inputs;
    private final Operand gradients;
    private final float[] sums;

    /// Planes of one operand and where their rows of points lie: row a, vector b of channels, row r of tiles is at
    /// `rows[LINE + a * step + (b * chunk + r) * line]`.
    private record Operand(
            WinogradTiles.Planes planes, boolean outputs, int padded, float[] rows, int chunk, int line, int step) {
        static Operand of(WinogradTiles t, WinogradTiles.Planes planes, boolean outputs, int chunk, int slot) {
            int padded = WinogradProduct.padded(planes.channels());
            int line = t.columns(outputs) * L;
            int step = padded / L * chunk * line + L;
            return new Operand(planes, outputs, padded, Scratch.lines(slot, t.alpha * step), chunk, line, step);
        }

        int blocks() {
            return padded / L;
        }

        int at(int a, int block, int row) {
            return LINE + a * step + (block * chunk + row) * line;
        }
    }

    private WinogradWideGrad(WinogradTiles tiles, Operand inputs, Operand gradients, float[] sums) {
        this.tiles = tiles;
        this.inputs = inputs;
        this.gradients = gradients;
        this.sums = sums;
    }

    /// Writes the sums of point k, `[filters, channels]` padded, to `sums[LINE + k * filters * channels]`.
    static void run(WinogradTiles tiles, WinogradTiles.Planes inputs, WinogradTiles.Planes gradients, float[] sums) {
        int padIn = WinogradProduct.padded(inputs.channels());
        int padOut = WinogradProduct.padded(gradients.channels());
        long row = (long) tiles.alpha * (padIn * tiles.columns(false) + padOut * tiles.columns(true));
        int chunk = (int) Math.max(1, Math.min(tiles.rows(), CHUNK_FLOATS / row));
        WinogradWideGrad run = new WinogradWideGrad(
                tiles,
                Operand.of(tiles, inputs, false, chunk, Scratch.CONV_A),
                Operand.of(tiles, gradients, true, chunk, Scratch.CONV_B),
                sums);
        for (int r = 0; r < tiles.rows(); r += chunk) {
            run.chunk(r, Math.min(tiles.rows(), r + chunk));
        }
    }

    private void chunk(int r0, int r1) {
        int strips = (r1 - r0 + STRIP - 1) / STRIP;
        int blocks = inputs.blocks() + gradients.blocks();
        Parallel.forRange(strips * blocks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int first = r0 + t / blocks * STRIP;
                int b = t % blocks;
                boolean input = b < inputs.blocks();
                Operand x = input ? inputs : gradients;
                int block = input ? b : b - inputs.blocks();
                int at = x.at(0, block, first - r0);
                tiles.liftRows(x.planes, x.outputs, first, Math.min(r1, first + STRIP), block * L, x.rows, at, x.step);
            }
        });
        int parts = gradients.padded % (2 * WinogradProduct.PAD) == 0 ? 2 : 1;
        Parallel.forRange(tiles.alpha * parts, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int filters = gradients.padded / parts;
                row(t / parts, t % parts * filters, filters, r1 - r0, r0 == 0);
            }
        });
    }

    /// Row a of points, filters [f, f + filters), over `rows` rows of tiles.
    private void row(int a, int f, int filters, int rows, boolean first) {
        int channels = inputs.padded;
        int wanted = Math.max(MIN_BLOCK, BLOCK_FLOATS / (tiles.alpha * (channels + filters)));
        int block = Math.max(1, Math.min(rows, wanted / tiles.tileColumns));
        int inStep = block * tiles.tileColumns * channels + L;
        int outStep = block * tiles.tileColumns * filters + L;
        float[] v = Scratch.lines(Scratch.WINOGRAD_IN, tiles.alpha * inStep);
        float[] z = Scratch.lines(Scratch.WINOGRAD_OUT, tiles.alpha * outStep);
        int sumStep = gradients.padded * channels;
        for (int r = 0; r < rows; r += block) {
            int end = Math.min(rows, r + block);
            columns(inputs, a, 0, channels, r, end, v, inStep);
            columns(gradients, a, f, filters, r, end, z, outStep);
            int count = (end - r) * tiles.tileColumns;
            for (int b = 0; b < tiles.alpha; b++) {
                int so = LINE + (a * tiles.alpha + b) * sumStep + f * channels;
                int zo = LINE + b * outStep;
                int vo = LINE + b * inStep;
                WinogradOuterProduct.run(first && r == 0, count, filters, channels, z, zo, v, vo, sums, so);
            }
        }
    }

    /// Transforms channels [c, c + count) of rows of tiles [r0, r1) along the columns.
    private void columns(Operand x, int a, int c, int count, int r0, int r1, float[] dst, int step) {
        for (int b = 0; b < count; b += L) {
            for (int r = r0; r < r1; r++) {
                int from = x.at(a, (c + b) / L, r);
                int to = LINE + (r - r0) * tiles.tileColumns * count + b;
                tiles.lift(x.outputs, x.rows, from, L, tiles.m * L, dst, to, step, count, tiles.tileColumns);
            }
        }
    }
}
