package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;

/// Weight gradient of a 1x1 convolution, a product over the positions of all images:
/// `dw[f, c] = sum over (n, p) of dy[n, f, p] * x[n, c, p]`.
///
/// ```
///   x, a block of positions  --transposed-->  panels of 32 channels [position][channel]
///   dy, twelve filters of it --copied------>  rows                                        =  tile: 12 filters x 32
/// channels
/// ```
///
/// Positions go on from one image to the next, so that small planes fill a block too. A task packs
/// for itself and keeps its sums in scratch memory between blocks; nothing passes from core to
/// core. Where the gradient is small, images are cut into portions (by the sizes alone), whose sums
/// are added in order.
final class PointwiseWeightGrad {
    private static final int L = Lanes.LENGTH;
    private static final int MR = TallKernel.MR;
    private static final int NR = GemmKernel.NR;
    /// Channels of a task at most: a block of positions of them fills half of a second-level cache of 2 MB.
    private static final int COLUMNS = 512;
    /// Filters of a task at most: their sums beside [#COLUMNS] channels fill a quarter of that cache.
    private static final int ROWS = 22 * MR;
    /// Weights up to which portions cost less than packing the same source twice.
    private static final int PORTION_WEIGHTS = 1 << 16;
    /// Positions that make a portion worth its sums.
    private static final int PORTION_POSITIONS = 1024;

    private static final int MAX_PORTIONS = 16;
    /// Weights whose portions a thread adds up at once.
    private static final int ADDED = 4096;

    private final ConvShape s;
    private final float[] dy;
    private final int dyo;
    private final float[] x;
    private final int xo;
    private final int filters;
    private final int channels;
    private final int plane;
    /// Channels of an image of `x`.
    private final int imageChannels;

    private PointwiseWeightGrad(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo) {
        this.s = s;
        this.dy = dy;
        filters = s.groupFilters();
        channels = s.groupChannels();
        plane = s.outHeight() * s.outWidth();
        this.dyo = dyo + group * filters * plane;
        boolean whole = s.pointwise();
        this.x = whole ? x : read(s, group, x, xo);
        this.xo = whole ? xo + group * channels * plane : 0;
        imageChannels = whole ? s.channels() : channels;
    }

    /// Whether it pays: 512-bit vectors, channels that nearly fill them, filters for a tile.
    static boolean suits(ConvShape s) {
        boolean one = s.kernelH() == 1 && s.kernelW() == 1 && s.padH() == 0 && s.padW() == 0;
        return L == 16 && one && s.groupChannels() > L && s.groupFilters() >= MR;
    }

    /// One group; `dw` starts at the group's first filter and is overwritten.
    static void group(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        new PointwiseWeightGrad(s, group, dy, dyo, x, xo).run(dw, dwo);
    }

    /// The pixels of a group's channels that a stride does not skip.
    private static float[] read(ConvShape s, int group, float[] x, int xo) {
        int channels = s.groupChannels();
        int rows = s.outHeight();
        int columns = s.outWidth();
        float[] read = Scratch.floats(Scratch.PLANE, s.batch() * channels * rows * columns);
        Parallel.forRange(s.batch() * channels, 1, (from, to) -> {
            for (int i = from; i < to; i++) {
                int first =
                        xo + (i / channels * s.channels() + group * channels + i % channels) * s.height() * s.width();
                for (int r = 0; r < rows; r++) {
                    int row = first + r * s.strideH() * s.width();
                    PatchCopy.clipped(x, row, s.width(), 0, s.strideW(), read, (i * rows + r) * columns, columns);
                }
            }
        });
        return read;
    }

    /// Filters [f, f + rows) and channels [c, c + columns) summed over images [first, last) into `to`.
    private record Block(int first, int last, int f, int rows, int c, int columns, float[] to, int at) {
        int padded() {
            return (columns + NR - 1) / NR * NR;
        }
    }

    private void run(float[] dw, int dwo) {
        int weights = filters * channels;
        long positions = (long) s.batch() * plane;
        int most = (int) Math.min(Math.min(MAX_PORTIONS, s.batch()), positions / PORTION_POSITIONS);
        int portions = weights > PORTION_WEIGHTS ? 1 : Math.max(1, most);
        int threads = (Parallel.threads() + portions - 1) / portions;
        int across = Math.ceilDiv(channels, COLUMNS);
        int down = Math.ceilDiv(filters, ROWS);
        if (across * down % threads != 0) {
            down = (down + threads - 1) / threads * threads;
        }
        int rows = Math.ceilDiv(Math.ceilDiv(filters, down), MR) * MR;
        int columns = Math.ceilDiv(Math.ceilDiv(channels, across), NR) * NR;
        int wide = Math.ceilDiv(channels, columns);
        int blocks = wide * Math.ceilDiv(filters, rows);
        float[] sums = portions == 1 ? dw : Scratch.floats(Scratch.CONV_PARTIAL, portions * weights);
        Parallel.forRange(portions * blocks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int portion = t / blocks;
                int f = t % blocks / wide * rows;
                int c = t % blocks % wide * columns;
                int first = (int) ((long) portion * s.batch() / portions);
                int last = (int) ((long) (portion + 1) * s.batch() / portions);
                int at = portions == 1 ? dwo : portion * weights;
                block(new Block(
                        first, last, f, Math.min(rows, filters - f), c, Math.min(columns, channels - c), sums, at));
            }
        });
        if (portions > 1) {
            addUp(sums, portions, weights, dw, dwo);
        }
    }

    private static void addUp(float[] sums, int portions, int weights, float[] dw, int dwo) {
        Parallel.forRange(weights, ADDED, (from, to) -> {
            System.arraycopy(sums, from, dw, dwo + from, to - from);
            for (int p = 1; p < portions; p++) {
                for (int i = from; i < to; i++) {
                    dw[dwo + i] += sums[p * weights + i];
                }
            }
        });
    }

    private void block(Block b) {
        int positions = (b.last - b.first) * plane;
        int step = Gemm.evenBlock(positions, TallKernel.DEPTH);
        float[] bp = Scratch.lines(Scratch.GEMM_B, b.padded() * step);
        float[] ap = Scratch.floats(Scratch.GEMM_A, MR * TallKernel.PITCH);
        float[] kept = Scratch.floats(Scratch.GEMM_C, Math.ceilDiv(b.rows, MR) * MR * b.padded());
        for (int q = 0; q < positions; q += step) {
            int depth = Math.min(step, positions - q);
            boolean last = q + depth == positions;
            pack(b, q, depth, bp);
            for (int i = 0; i < b.rows; i += MR) {
                int rows = Math.min(MR, b.rows - i);
                copyRows(b, i, rows, q, depth, ap);
                for (int j = 0; j < b.columns; j += NR) {
                    tile(b, i, rows, j, depth, ap, bp, kept, q == 0, last);
                }
            }
        }
    }

    /// Takes the tile at (i, j) of a block through a block of positions; between them it is kept in `kept`. A tile that
    /// the gradient does not fill ends there too.
    private void tile(
            Block b,
            int i,
            int rows,
            int j,
            int depth,
            float[] ap,
            float[] bp,
            float[] kept,
            boolean first,
            boolean last) {
        int columns = Math.min(NR, b.columns - j);
        int panel = Scratch.LINE + j * depth;
        int at = i * b.padded() + j * MR;
        float[] f = first ? GemmKernel.ZEROS : kept;
        int fo = first ? 0 : at;
        int ldf = first ? 0 : NR;
        int corner = b.at + (b.f + i) * channels + b.c + j;
        if (last && columns == NR && rows == MR) {
            TallKernel.tile(rows, columns, depth, ap, 0, bp, panel, f, fo, ldf, b.to, corner, channels);
            return;
        }
        TallKernel.tile(rows, columns, depth, ap, 0, bp, panel, f, fo, ldf, kept, at, NR);
        for (int r = 0; r < rows && last; r++) {
            System.arraycopy(kept, at + r * NR, b.to, corner + r * channels, columns);
        }
    }

    /// Copies `depth` positions from q on of `rows` filters from i on.
    private void copyRows(Block b, int i, int rows, int q, int depth, float[] ap) {
        for (int done = 0; done < depth; ) {
            int n = b.first + (q + done) / plane;
            int p = (q + done) % plane;
            int count = Math.min(plane - p, depth - done);
            int from = dyo + (n * s.filters() + b.f + i) * plane + p;
            for (int r = 0; r < rows; r++) {
                System.arraycopy(dy, from + r * plane, ap, r * TallKernel.PITCH + done, count);
            }
            done += count;
        }
    }

    /// Packs `depth` positions from q on of a block's channels.
    private void pack(Block b, int q, int depth, float[] bp) {
        for (int done = 0; done < depth; ) {
            int n = b.first + (q + done) / plane;
            int p = (q + done) % plane;
            int count = Math.min(plane - p, depth - done);
            int from = xo + (n * imageChannels + b.c) * plane + p;
            for (int j = 0; j < b.padded(); j += L) {
                int panel = Scratch.LINE + j / NR * NR * depth + done * NR + j % NR;
                int present = Math.clamp(b.columns - j, 0, L);
                ChannelLanes.gather(x, from + j * plane, plane, present, count, bp, panel, NR);
            }
            done += count;
        }
    }
}
