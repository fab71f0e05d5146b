package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.Gemm;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.TallKernel;

/// Weight gradient of a 1x1 convolution, a product over the positions of all images:
/// `dw[f, c] = sum over (n, p) of dy[n, f, p] * x[n, c, p]`.
///
/// ```
///   x, a block of positions --transposed-->  panels of channels [position][two vectors]
///   dy, some filters of it  --copied------>  rows                       =  tile: 12 (or 6) filters x two vectors
/// ```
///
/// Where there are many more channels than filters they change places. Positions go on from one image to the
/// next, so that small planes fill a block too. A task packs for itself and keeps its sums in scratch memory
/// between blocks; nothing passes from core to core. Where the gradient is small, images are cut into portions
/// (by the sizes alone), whose sums are added in order.
final class PointwiseWeightGrad {
    private static final int L = Lanes.LENGTH;
    /// Whether tiles are those for 32 registers, else those for 16.
    private static final boolean TALL = L == 16;

    private static final int MR = TALL ? TallKernel.MR : FencedKernel.MR;
    private static final int NR = GemmKernel.NR;
    private static final int PITCH = TALL ? TallKernel.PITCH : FencedKernel.PITCH;
    private static final int DEPTH = TALL ? TallKernel.DEPTH : FencedKernel.MOST;
    /// Rows that are copied together: twelve stay in the first-level cache while panels go by; where tiles are
    /// smaller a panel stays there while 96 rows go by.
    private static final int GROUP = TALL ? MR : 16 * MR;
    /// Columns of a task at most: a block of positions of them fills half of a second-level cache of 2 MB.
    private static final int COLUMNS = 512;
    /// Rows of a task at most: their sums beside [#COLUMNS] columns fill a quarter of that cache. Of smaller tiles
    /// four times as many, since every task packs its columns for itself (measured: docs/design-notes.md).
    private static final int ROWS = TALL ? 264 : 1056;
    /// Weights up to which portions cost less than packing the same source twice.
    private static final int PORTION_WEIGHTS = 1 << 16;
    /// Positions that make a portion worth its sums.
    private static final int PORTION_POSITIONS = 1024;

    private static final int MAX_PORTIONS = 16;
    /// Weights whose portions a thread adds up at once.
    private static final int ADDED = 4096;
    /// Elements less to transpose that make up for turning a sum.
    private static final int TURN_COST = 16;
    /// Rows of sums that are transposed together.
    private static final int TURNED = 32;

    /// One side of the product: `count` planes of an image from `data[off]` on, images `image` floats apart.
    private record Side(float[] data, int off, int image, int count) {}

    private final int batch;
    private final int plane;
    /// Whether channels are the rows of tiles and filters their columns: what is transposed should be the fewer,
    /// unless that saves less than turning the gradient costs.
    private final boolean turned;

    private final Side rows;
    private final Side columns;

    private PointwiseWeightGrad(ConvShape s, int group, float[] dy, int dyo, float[] x, int xo) {
        batch = s.batch();
        plane = s.outHeight() * s.outWidth();
        int filters = s.groupFilters();
        int channels = s.groupChannels();
        boolean whole = s.pointwise();
        int first = whole ? xo + group * channels * plane : 0;
        int image = (whole ? s.channels() : channels) * plane;
        Side source = new Side(whole ? x : read(s, group, x, xo), first, image, channels);
        Side gradient = new Side(dy, dyo + group * filters * plane, s.filters() * plane, filters);
        long spared = (long) (channels - filters) * batch * plane;
        turned = filters > L && spared > (long) TURN_COST * channels * filters;
        rows = turned ? source : gradient;
        columns = turned ? gradient : source;
    }

    /// Whether it pays: tiles that leave their sums in registers, more channels than lanes, filters for a tile.
    static boolean suits(ConvShape s) {
        boolean one = s.kernelH() == 1 && s.kernelW() == 1 && s.padH() == 0 && s.padW() == 0;
        return (TALL || FencedKernel.AVAILABLE) && one && s.groupChannels() > L && s.groupFilters() >= 12;
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

    /// Rows [i, i + rows) and columns [j, j + columns) summed over images [first, last) into `to`.
    private record Block(int first, int last, int i, int rows, int j, int columns, float[] to, int at) {
        int padded() {
            return (columns + NR - 1) / NR * NR;
        }
    }

    private void run(float[] dw, int dwo) {
        int weights = rows.count * columns.count;
        long positions = (long) batch * plane;
        int most = (int) Math.min(Math.min(MAX_PORTIONS, batch), positions / PORTION_POSITIONS);
        int portions = weights > PORTION_WEIGHTS ? 1 : Math.max(1, most);
        int threads = (Parallel.threads() + portions - 1) / portions;
        int across = Math.ceilDiv(columns.count, COLUMNS);
        int down = Math.ceilDiv(rows.count, ROWS);
        if (across * down % threads != 0) {
            down = (down + threads - 1) / threads * threads;
        }
        int high = Math.ceilDiv(Math.ceilDiv(rows.count, down), MR) * MR;
        int width = Math.ceilDiv(Math.ceilDiv(columns.count, across), NR) * NR;
        int wide = Math.ceilDiv(columns.count, width);
        int blocks = wide * Math.ceilDiv(rows.count, high);
        boolean direct = portions == 1 && !turned;
        float[] sums = direct ? dw : Scratch.floats(Scratch.CONV_PARTIAL, portions * weights);
        Parallel.forRange(portions * blocks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int portion = t / blocks;
                int i = t % blocks / wide * high;
                int j = t % blocks % wide * width;
                int first = (int) ((long) portion * batch / portions);
                int last = (int) ((long) (portion + 1) * batch / portions);
                int at = direct ? dwo : portion * weights;
                int m = Math.min(high, rows.count - i);
                block(new Block(first, last, i, m, j, Math.min(width, columns.count - j), sums, at));
            }
        });
        if (turned) {
            addUp(sums, portions, weights, sums, 0);
            turn(sums, dw, dwo);
        } else if (portions > 1) {
            addUp(sums, portions, weights, dw, dwo);
        }
    }

    /// Sums of channels by filters become a gradient of filters by channels.
    private void turn(float[] sums, float[] dw, int dwo) {
        int m = rows.count;
        int n = columns.count;
        Parallel.forRange(Math.ceilDiv(m, TURNED), 1, (from, to) -> {
            for (int i = from * TURNED; i < Math.min(m, to * TURNED); i += TURNED) {
                BlockTranspose.run(Math.min(TURNED, m - i), n, sums, i * n, n, dw, dwo + i, m);
            }
        });
    }

    private static void addUp(float[] sums, int portions, int weights, float[] dw, int dwo) {
        Parallel.forRange(weights, ADDED, (from, to) -> {
            if (dw != sums) {
                System.arraycopy(sums, from, dw, dwo + from, to - from);
            }
            for (int p = 1; p < portions; p++) {
                for (int i = from; i < to; i++) {
                    dw[dwo + i] += sums[p * weights + i];
                }
            }
        });
    }

    private void block(Block b) {
        int positions = (b.last - b.first) * plane;
        int step = Gemm.evenBlock(positions, DEPTH);
        float[] bp = Scratch.lines(Scratch.GEMM_B, b.padded() * step);
        float[] ap = Scratch.floats(Scratch.GEMM_A, GROUP * PITCH);
        float[] kept = Scratch.floats(Scratch.GEMM_C, Math.ceilDiv(b.rows, MR) * MR * b.padded());
        for (int q = 0; q < positions; q += step) {
            int depth = Math.min(step, positions - q);
            boolean last = q + depth == positions;
            pack(b, q, depth, bp);
            for (int i = 0; i < b.rows; i += GROUP) {
                int rows = Math.min(GROUP, b.rows - i);
                copyRows(b, i, rows, q, depth, ap);
                strips(b, i, rows, depth, ap, bp, kept, q == 0, last);
            }
        }
    }

    /// A group of rows from i on, which is copied to `ap`, times all panels.
    private void strips(
            Block b, int i, int rows, int depth, float[] ap, float[] bp, float[] kept, boolean first, boolean last) {
        for (int j = 0; j < b.columns; j += NR) {
            for (int r = 0; r < rows; r += MR) {
                int high = Math.min(MR, rows - r);
                tile(b, i + r, high, j, depth, ap, r * PITCH, bp, kept, first, last);
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
            int left,
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
        int corner = b.at + (b.i + i) * this.columns.count + b.j + j;
        if (last && columns == NR && rows == MR) {
            multiply(rows, columns, depth, ap, left, bp, panel, f, fo, ldf, b.to, corner, this.columns.count);
            return;
        }
        multiply(rows, columns, depth, ap, left, bp, panel, f, fo, ldf, kept, at, NR);
        for (int r = 0; r < rows && last; r++) {
            System.arraycopy(kept, at + r * NR, b.to, corner + r * this.columns.count, columns);
        }
    }

    private static void multiply(
            int rows,
            int columns,
            int depth,
            float[] ap,
            int left,
            float[] bp,
            int panel,
            float[] f,
            int fo,
            int ldf,
            float[] to,
            int corner,
            int ldc) {
        if (TALL) {
            TallKernel.tile(rows, columns, depth, ap, left, bp, panel, f, fo, ldf, to, corner, ldc);
        } else {
            FencedKernel.tile(rows, columns, depth, ap, left, bp, panel, f, fo, ldf, to, corner, ldc);
        }
    }

    /// Copies `depth` positions from q on of `count` rows from i on.
    private void copyRows(Block b, int i, int count, int q, int depth, float[] ap) {
        for (int done = 0; done < depth; ) {
            int n = (q + done) / plane;
            int p = q + done - n * plane;
            int length = Math.min(plane - p, depth - done);
            int from = rows.off + (b.first + n) * rows.image + (b.i + i) * plane + p;
            for (int r = 0; r < count; r++) {
                System.arraycopy(rows.data, from + r * plane, ap, r * PITCH + done, length);
            }
            done += length;
        }
    }

    /// Packs `depth` positions from q on of a block's columns.
    private void pack(Block b, int q, int depth, float[] bp) {
        for (int j = 0; j < b.padded(); j += L) {
            gather(b, j, q, depth, bp, Scratch.LINE + j / NR * NR * depth + j % NR);
        }
    }

    /// The vector of columns from j on.
    private void gather(Block b, int j, int q, int depth, float[] bp, int to) {
        int present = Math.clamp(b.columns - j, 0, L);
        for (int done = 0; done < depth; ) {
            int n = (q + done) / plane;
            int p = q + done - n * plane;
            int count = Math.min(plane - p, depth - done);
            int from = columns.off + (b.first + n) * columns.image + (b.j + j) * plane + p;
            ChannelLanes.gather(columns.data, from, plane, present, count, bp, to + done * NR, NR);
            done += count;
        }
    }
}
