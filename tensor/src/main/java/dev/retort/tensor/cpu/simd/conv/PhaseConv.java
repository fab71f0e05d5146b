package dev.retort.tensor.cpu.simd.conv;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;

/// Direct convolution without packed patches: computes a [Sweep] from [PhasePlanes].
///
/// ```
///   source planes      some channels between zeros,        register tiles:             output
///                  ->  split by the phases of the step ->  12 rows x 2 vectors     ->  planes, line by line
///                      (L2), tap t at offset[t]            of positions, no panels
/// ```
///
/// A task takes a block of whole lines, or of images where they are small, through all depth blocks
/// (some channels with all their taps). A panel of weights stays in the first-level cache while its
/// tiles go along the block. The price is the gaps at the end of each line, which are computed and
/// dropped; lines of whole vectors have none.
///
/// A sum goes over the taps of the first channel, then over those of the next, whatever the blocks.
final class PhaseConv {
    private static final int L = Lanes.LENGTH;
    private static final int ROWS = GatherKernel.ROWS;
    private static final int PANEL = ROWS * GatherKernel.PITCH;
    /// Steps of a depth block at most.
    private static final int DEPTH = 384;
    /// Floats of the planes of a block, and of its sums: a quarter of a second-level cache of 2 MB
    /// each.
    private static final int PLANE_FLOATS = 1 << 17;

    private static final int SUM_FLOATS = 1 << 17;
    /// Positions of a block of several images at most.
    private static final int POSITIONS = 1024;
    /// Channels up to which reading so many planes costs less than packing patches, and rows up to
    /// which packing does not pay (measured: docs/design-notes.md).
    private static final int FEW_CHANNELS = 16;

    private static final int FEW_ROWS = 23;
    /// Rows of a task at most.
    private static final int TASK_ROWS = 512;
    /// Tasks for each thread that keep all threads busy to the end.
    private static final int TASKS = 4;

    private static final int LINE = Scratch.LINE;

    private final Sweep s;
    /// Where blocks of rows start.
    private final int[] blocks;
    /// Channels of a depth block, and how many of those there are.
    private final int channels;

    private final int depths;
    /// Blocks of rows of a task.
    private final int taskBlocks;
    // A block of positions: images, lines and columns; and blocks along an image and down one.
    private final int images;
    private final int lines;
    private final int width;
    private final int across;
    private final int down;
    private final PhasePlanes planes;
    /// Where each step of a depth block reads point 0.
    private final int[] at;
    /// Whether lines follow each other in the planes as they do in the output.
    private final boolean whole;
    /// Whether tiles are written where they belong: one depth block, few vectors that belong to two
    /// lines.
    private final boolean direct;
    /// Where each vector of positions starts.
    private final int[] starts;
    /// Floats between rows of sums: an odd number of cache lines.
    private final int pitch;

    PhaseConv(Sweep sweep) {
        s = sweep;
        blocks = GatherKernel.blocks(s.rows);
        int taps = s.taps.count();
        depths = Math.ceilDiv(s.channels, Math.max(1, DEPTH / taps));
        channels = Math.ceilDiv(s.channels, depths);
        across = Math.ceilDiv(s.gridW, POSITIONS);
        width = Math.ceilDiv(s.gridW, across);
        int taskRows = Math.min(s.rows, TASK_ROWS);
        lines = lines(taskRows);
        down = Math.ceilDiv(s.gridH, lines);
        images = across * down > 1 ? 1 : images(taskRows);
        planes = new PhasePlanes(s, images, lines, width);
        taskBlocks = taskBlocks();
        at = new int[channels * taps];
        for (int p = 0; p < at.length; p++) {
            at[p] = p / taps * planes.channel + planes.offset[p % taps];
        }
        whole = planes.pitch == s.gridW;
        direct = depths == 1 && (whole || width % L == 0);
        starts = starts();
        pitch = (Math.ceilDiv(images * planes.image + L, 16) | 1) * 16;
    }

    /// Whether a convolution is computed so.
    static boolean suits(Sweep s) {
        int taps = s.taps.count();
        return taps > 1 && taps <= DEPTH && (s.channels <= FEW_CHANNELS || s.rows <= FEW_ROWS);
    }

    /// Lines of a block, whose planes and sums fit.
    private int lines(int taskRows) {
        PhasePlanes one = new PhasePlanes(s, 1, 1, width);
        int more = new PhasePlanes(s, 1, 2, width).floats() - one.floats();
        int most = 1 + (PLANE_FLOATS - one.floats() * channels) / (more * channels);
        if (depths > 1) {
            most = Math.min(most, SUM_FLOATS / (taskRows * width));
        }
        return Math.ceilDiv(s.gridH, Math.ceilDiv(s.gridH, Math.max(1, most)));
    }

    /// Images of a block.
    private int images(int taskRows) {
        PhasePlanes one = new PhasePlanes(s, 1, lines, width);
        int most = Math.min(POSITIONS / one.image, PLANE_FLOATS / (one.floats() * channels));
        if (depths > 1) {
            most = Math.min(most, SUM_FLOATS / (taskRows * one.image));
        }
        return Math.ceilDiv(s.batch, Math.ceilDiv(s.batch, Math.clamp(most, 1, s.batch)));
    }

    private int taskBlocks() {
        int count = blocks.length - 1;
        int parts = Math.ceilDiv(s.batch, images) * across * down;
        int threads = Parallel.threads();
        int split = threads == 1 ? 1 : Math.max(1, TASKS * threads / parts);
        int tasks = Math.min(count, Math.max(split, Math.ceilDiv(s.rows, TASK_ROWS)));
        return Math.ceilDiv(count, tasks);
    }

    /// Vectors from end to end; or as they lie in lines that are whole vectors.
    private int[] starts() {
        int end = images * planes.image;
        int[] found = new int[end / L + 1];
        int count = 0;
        boolean aligned = !whole && width % L == 0;
        for (int q = 0; q < end; ) {
            int row = q % planes.image / planes.pitch;
            int x = q % planes.image % planes.pitch;
            if (aligned && (row >= lines || x >= width)) {
                q += planes.pitch - x;
            } else {
                found[count++] = q;
                q += L;
            }
        }
        return Arrays.copyOf(found, count);
    }

    void run() {
        if (s.columns == 0 || s.rows == 0) {
            return;
        }
        float[] packed = packWeights();
        int count = blocks.length - 1;
        int rowTasks = Math.ceilDiv(count, taskBlocks);
        int parts = Math.ceilDiv(s.batch, images) * across * down;
        Parallel.forRange(parts * rowTasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int i = t % rowTasks * taskBlocks;
                task(part(t / rowTasks), i, Math.min(count, i + taskBlocks), packed);
            }
        });
    }

    /// A block of positions: its first image, line and column, and how many of each there are.
    private record Part(int n, int images, int y, int lines, int x, int width) {}

    private Part part(int number) {
        int inImage = number % (across * down);
        int n = number / (across * down) * images;
        int y = inImage / across * lines;
        int x = inImage % across * width;
        int rows = Math.min(lines, s.gridH - y);
        return new Part(n, Math.min(images, s.batch - n), y, rows, x, Math.min(width, s.gridW - x));
    }

    /// Packs all weights: depth block by depth block, and for each its blocks of rows.
    private float[] packWeights() {
        int count = blocks.length - 1;
        float[] packed = Scratch.lines(Scratch.CONV_A, depths * count * PANEL);
        int grain = Math.max(1, (1 << 15) / (ROWS * s.depth));
        Parallel.forRange(count, grain, (from, to) -> {
            for (int i = from; i < to; i++) {
                for (int d = 0; d < depths; d++) {
                    packPanel(i, d, packed, LINE + (d * count + i) * PANEL);
                }
            }
        });
        return packed;
    }

    private void packPanel(int block, int d, float[] packed, int to) {
        int taps = s.taps.count();
        int c0 = d * channels;
        int n = Math.min(s.channels, c0 + channels) - c0;
        for (int r = 0; r < ROWS; r++) {
            int row = to + r * GatherKernel.PITCH;
            int from = s.wo + (blocks[block] + r) * s.wRow + c0 * s.wChannel;
            if (blocks[block] + r >= blocks[block + 1]) {
                Arrays.fill(packed, row, row + n * taps, 0f);
                continue;
            }
            for (int t = 0; t < taps; t++) {
                int w = from + s.taps.index[t];
                for (int c = 0; c < n; c++) {
                    packed[row + c * taps + t] = s.w[w + c * s.wChannel];
                }
            }
        }
    }

    /// Blocks [i0, i1) of rows at one block of positions, complete.
    private void task(Part part, int i0, int i1, float[] packed) {
        float[] source = Scratch.lines(Scratch.PLANE, channels * planes.channel + L);
        int rows = depths > 1 ? blocks[i1] - blocks[i0] + ROWS : ROWS;
        float[] sums = Scratch.lines(Scratch.CONV_SUMS, rows * pitch);
        int[] places = places(part);
        for (int d = 0; d < depths; d++) {
            int c0 = d * channels;
            int c1 = Math.min(s.channels, c0 + channels);
            for (int n = 0; n < part.images; n++) {
                int to = LINE + n * planes.image;
                planes.fill(part.n + n, part.y, part.lines, part.x, c0, c1, source, to);
            }
            for (int i = i0; i < i1; i++) {
                int to = LINE + (depths > 1 ? (blocks[i] - blocks[i0]) * pitch : 0);
                int a = LINE + (d * (blocks.length - 1) + i) * PANEL;
                tiles(d == 0, i, (c1 - c0) * s.taps.count(), packed, a, source, sums, to, places);
                if (d == depths - 1) {
                    store(part, i, sums, to, places);
                }
            }
        }
    }

    /// Where the vectors of a block go in the first row of the output: -1 for those that are not
    /// written at once.
    private int[] places(Part part) {
        int count = starts.length;
        int end = (part.images - 1) * planes.image + (part.lines - 1) * planes.pitch + part.width;
        while (count > 0 && starts[count - 1] >= end) {
            count--;
        }
        int[] places = new int[count];
        for (int v = 0; v < count; v++) {
            places[v] = direct && run(part, starts[v]) >= L ? place(part, starts[v]) : -1;
        }
        return places;
    }

    /// Where position q of a block is in the first row of the output.
    private int place(Part part, int q) {
        int image = s.outOff + (part.n + q / planes.image) * s.outImage;
        int y = part.y + q % planes.image / planes.pitch;
        return image + y * s.gridW + part.x + q % planes.image % planes.pitch;
    }

    /// How many positions from q on follow each other in the output: none where q is in a gap.
    private int run(Part part, int q) {
        int inImage = q % planes.image;
        int length = whole ? part.lines * planes.pitch : part.width;
        int x = whole ? inImage : inImage % planes.pitch;
        boolean inside = q / planes.image < part.images && inImage / planes.pitch < part.lines;
        return inside ? Math.max(0, length - x) : 0;
    }

    /// One block of rows through one depth block, at all positions.
    private void tiles(
            boolean first,
            int block,
            int k,
            float[] packed,
            int a,
            float[] source,
            float[] sums,
            int to,
            int[] places) {
        int rows = blocks[block + 1] - blocks[block];
        int row = blocks[block] * s.outPlane;
        float[] begin = first ? begin(block) : sums;
        int fs = begin == sums ? pitch : begin == GemmKernel.ZEROS ? 0 : L;
        int[] spot = new int[8];
        for (int v = 0; v < places.length; v += 2) {
            int w = Math.min(v + 1, places.length - 1);
            int q0 = starts[v];
            int q1 = starts[w];
            boolean written = GatherKernel.fills(rows) && places[v] >= 0 && places[w] >= 0;
            spot[0] = LINE + q0;
            spot[1] = LINE + q1;
            spot[2] = begin == sums ? to + q0 : 0;
            spot[3] = begin == sums ? to + q1 : 0;
            spot[4] = fs;
            spot[5] = written ? row + places[v] : to + q0;
            spot[6] = written ? row + places[w] : to + q1;
            spot[7] = written ? s.outPlane : pitch;
            GatherKernel.tile(rows, k, packed, a, source, at, begin, written ? s.out : sums, spot);
        }
    }

    /// What sums start from: zeros, or a vector of each row's bias.
    private float[] begin(int block) {
        if (s.bias == null) {
            return GemmKernel.ZEROS;
        }
        float[] bias = Scratch.floats(Scratch.GEMM_TILE, ROWS * L);
        for (int r = blocks[block]; r < blocks[block + 1]; r++) {
            int at = (r - blocks[block]) * L;
            Arrays.fill(bias, at, at + L, s.bias[s.biasOff + r]);
        }
        return bias;
    }

    /// Copies the sums of one block of rows that are not in the output yet.
    private void store(Part part, int block, float[] sums, int to, int[] places) {
        int rows = blocks[block + 1] - blocks[block];
        if (!direct) {
            for (int r = 0; r < rows; r++) { // a plane at a time
                int out = (blocks[block] + r) * s.outPlane;
                for (int n = 0; n < part.images; n++) {
                    for (int y = 0; y < (whole ? 1 : part.lines); y++) {
                        int q = n * planes.image + y * planes.pitch;
                        PatchCopy.run(sums, to + r * pitch + q, s.out, out + place(part, q), run(part, q));
                    }
                }
            }
            return;
        }
        for (int v = 0; v < places.length; v++) {
            int w = v % 2 == 0 ? Math.min(v + 1, places.length - 1) : v - 1;
            if (!GatherKernel.fills(rows) || places[v] < 0 || places[w] < 0) {
                vector(part, block, starts[v], sums, to);
            }
        }
    }

    /// Copies one vector of each row of a block to its places in the output.
    private void vector(Part part, int block, int from, float[] sums, int to) {
        for (int q = from; q < from + L; ) {
            int run = Math.min(from + L - q, run(part, q));
            if (run == 0) {
                q++;
                continue;
            }
            int place = place(part, q);
            for (int r = 0; r < blocks[block + 1] - blocks[block]; r++) {
                int out = (blocks[block] + r) * s.outPlane + place;
                PatchCopy.run(sums, to + r * pitch + q, s.out, out, run);
            }
            q += run;
        }
    }
}
