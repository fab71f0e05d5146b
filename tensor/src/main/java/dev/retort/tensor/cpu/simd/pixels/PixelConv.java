package dev.retort.tensor.cpu.simd.pixels;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PackedWeights;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.planes.NonFiniteConv;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// A convolution of one group whose weights were packed beforehand, on images whose channels lie together (NHWC): for
/// answering, where weights stay and a single image has few pixels.
///
/// ```
///   x, padded: pixels of channels        weights: runs x length, panels of filters in lanes      y
///   +---------------------------+        +---------------------+
///   | kernel row: kernelW pixels| -----> | [k, f]              | ----> tile of pixels x filters
///   | = one run of floats       |        +---------------------+
///   +---------------------------+
/// ```
///
/// A pixel's window is `kernelH` runs of `kernelW * channels` neighbouring floats, so kernels of any size and stride
/// are the same product, its left operand read as it lies. Every output is one chain over the window upwards, then
/// bias, shortcut and ReLU ([PixelRows]); the bits depend on no blocking and no thread.
public final class PixelConv {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Whether windows are copied a constant distance apart, as tiles for 16 registers want them ([FencedKernel]).
    private static final boolean FENCED = FencedKernel.AVAILABLE;

    private static final int PITCH = FencedKernel.PITCH;
    private static final int WIDTH = PixelKernel.VECTORS * L;
    /// A whole number of tiles of any kind.
    private static final int TILES = 24;
    /// Floats of the images that are multiplied with one panel after the other: half of the second-level cache, but all
    /// of it for copied windows, so that a small image with many channels is one block.
    private static final int BLOCK_FLOATS = FENCED ? 1 << 19 : 1 << 18;
    /// Weights that stay in that cache while blocks go by, and the floats of a block then.
    private static final int KEPT_WEIGHTS = 1 << 17;

    private static final int KEPT_FLOATS = 1 << 15;
    /// Floats of padded copies of images kept at once.
    private static final int COPY_FLOATS = 1 << 19;
    /// Most steps of a window that are multiplied at a time: a panel's rows for them take 32 KB.
    private static final int STEPS = 512 / PixelKernel.VECTORS;
    /// Runs that are shorter are not worth a tile: the channels of an image are three, say.
    private static final int SHORT_RUN = 32;

    /// Parallel tasks there should be.
    private static final int TASKS = 8;
    /// Multiply-adds that are worth a task.
    private static final int TASK_WORK = 1 << 20;

    private final ConvShape s;
    private final PackedWeights packed;
    private final int[] panels;
    private final float[] bias;
    private final int[] runs;
    private final int length;
    private final int depth;
    /// Whether runs are too short for a piece each.
    private final boolean shortRuns;
    /// Whether windows are copied before they are multiplied.
    private final boolean gathers;

    private final Piece[] pieces;
    /// Where the window of each pixel of an image starts.
    private final int[] starts;
    private final boolean padded;
    private final int imageFloats;

    /// Packs the weights `w[wo …]` `[filters, channels, kernelH, kernelW]`.
    public PixelConv(ConvShape s, float[] w, int wo, float @Nullable [] bias, int biasOff) {
        this.s = s;
        this.bias = new float[s.filters()];
        if (bias != null) {
            System.arraycopy(bias, biasOff, this.bias, 0, s.filters());
        }
        padded = s.padH() > 0 || s.padW() > 0;
        int line = (s.width() + 2 * s.padW()) * s.channels();
        imageFloats = (s.height() + 2 * s.padH()) * line;
        boolean joined = s.dilationW() == 1;
        int perRow = joined ? 1 : s.kernelW();
        runs = new int[s.kernelH() * perRow];
        for (int r = 0; r < runs.length; r++) {
            runs[r] = r / perRow * s.dilationH() * line + r % perRow * s.dilationW() * s.channels();
        }
        length = joined ? s.kernelW() * s.channels() : s.channels();
        depth = runs.length * length;
        shortRuns = runs.length > 1 && length < SHORT_RUN;
        gathers = FENCED || shortRuns;
        pieces = shortRuns ? pieces(new int[] {0}, depth) : pieces(runs, length);
        starts = new int[s.outHeight() * s.outWidth()];
        for (int p = 0; p < starts.length; p++) {
            int y = p / s.outWidth();
            starts[p] = y * s.strideH() * line + (p - y * s.outWidth()) * s.strideW() * s.channels();
        }
        panels = panels(s.filters());
        packed = packed(s, panels, w, wo);
    }

    /// Whether a convolution can be prepared so: one group, filters in whole vectors, finite weights.
    public static boolean suits(ConvShape s, float[] w, int wo) {
        return !s.empty() && s.groups() == 1 && s.filters() % L == 0 && NonFiniteConv.finite(w, wo, s.weights());
    }

    /// Filters of the panel that starts at filter j.
    private static int width(int filters, int j) {
        int left = filters - j;
        return left >= WIDTH ? WIDTH : left >= 2 * L ? 2 * L : L;
    }

    /// The first filter of each panel, and the number of filters.
    private static int[] panels(int filters) {
        int[] first = new int[filters / L + 1];
        int count = 0;
        for (int j = 0; j < filters; j += width(filters, j)) {
            first[count++] = j;
        }
        first[count++] = filters;
        return Arrays.copyOf(first, count);
    }

    /// Panel after panel; steps in the order (kernel row, kernel column, channel).
    private static PackedWeights packed(ConvShape s, int[] panels, float[] w, int wo) {
        int depth = s.taps() * s.channels();
        PackedWeights packed = PackedWeights.of(s.filters() * depth);
        for (int i = 0; i < panels.length - 1; i++) {
            int width = panels[i + 1] - panels[i];
            for (int f = panels[i]; f < panels[i + 1]; f++) {
                for (int t = 0; t < s.taps(); t++) {
                    for (int c = 0; c < s.channels(); c++) {
                        int d = packed.at() + panels[i] * depth + (t * s.channels() + c) * width + f - panels[i];
                        packed.data()[d] = w[wo + (f * s.channels() + c) * s.taps() + t];
                    }
                }
            }
        }
        return packed;
    }

    /// `y = conv(x) + bias`, plus a shortcut of y's layout if there is one, then ReLU if asked for; y is overwritten,
    /// channels last.
    public void run(PixelPlanes x, float @Nullable [] shortcut, int shortcutOff, boolean relu, float[] y, int yo) {
        PixelRows rows = new PixelRows(bias, shortcut, shortcutOff, relu, y, yo);
        if (!padded && x.channelsLast(s.channels(), s.height(), s.width())) {
            multiply(x.data(), x.off(), 0, s.batch(), rows);
            return;
        }
        int images = Math.max(1, Math.min(s.batch(), COPY_FLOATS / imageFloats));
        float[] data = Scratch.floats(Scratch.PLANE, images * imageFloats);
        for (int n = 0; n < s.batch(); n += images) {
            int count = Math.min(images, s.batch() - n);
            x.from(n).pad(count, s.channels(), s.height(), s.width(), s.padH(), s.padW(), data);
            multiply(data, 0, n, count, rows);
        }
    }

    /// Images [first, first + count), which start at `x[xo]`.
    private void multiply(float[] x, int xo, int first, int count, PixelRows rows) {
        int pixels = count * starts.length;
        int number = panels.length - 1;
        int perPixel = gathers ? depth : Math.max(1, imageFloats / starts.length);
        int kept = Math.max(1, Math.min(number, KEPT_WEIGHTS / (WIDTH * depth)));
        int large = tiles(BLOCK_FLOATS / perPixel);
        boolean keeps = keepsPanels(pixels, perPixel, (number + kept - 1) / kept, large);
        int block = keeps ? tiles(KEPT_FLOATS / (perPixel + 2 * kept * WIDTH)) : large;
        int blocks = (pixels + block - 1) / block;
        long work = (long) pixels * s.filters() * depth;
        int threads = Parallel.threads();
        int most = !FENCED ? TASKS : threads == 1 ? 1 : 2 * threads; // each copies its windows
        int wanted = (int) Math.min(most, Math.max(1, work / TASK_WORK));
        int least = keeps ? (number + kept - 1) / kept : 1;
        int splits = Math.min(number, Math.max(least, (wanted + blocks - 1) / blocks));
        int perTask = (number + splits - 1) / splits;
        int tasks = (number + perTask - 1) / perTask;
        int parts = keeps ? Math.min(blocks, Math.max(1, (wanted + tasks - 1) / tasks)) : blocks;
        Parallel.forRange(parts * tasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int j = t / parts * perTask;
                int p0 = blocks * (t % parts) / parts * block;
                int p1 = Math.min(pixels, blocks * (t % parts + 1) / parts * block);
                new Task(x, xo, first, rows, keeps, block).run(p0, p1, j, Math.min(number, j + perTask));
            }
        });
    }

    private static int tiles(int pixels) {
        return Math.max(1, pixels / TILES) * TILES;
    }

    /// Whether fewer floats move when `groups` of panels stay in the cache and all pixels go by than when blocks of
    /// pixels stay and all panels go by.
    private boolean keepsPanels(int pixels, int perPixel, int groups, int block) {
        long byPanels = (long) groups * pixels * perPixel + s.weights();
        long blocks = (pixels + block - 1) / block;
        return byPanels <= (long) pixels * (perPixel + s.filters()) + blocks * s.weights();
    }

    /// Where the windows of `count` pixels from p on start, the last of which is p1 - 1: beyond it that one is computed
    /// again and dropped.
    private void place(int p, int p1, int count, int off, int[] at) {
        int image = p / starts.length;
        int from = p - image * starts.length;
        int base = off + image * imageFloats;
        for (int i = 0; i < count; i++) {
            at[i] = base + starts[from];
            if (p + i + 1 < p1 && ++from == starts.length) {
                from = 0;
                base += imageFloats;
            }
        }
    }

    /// Some pixels and panels. Sums of a unit are in the cache; they leave, row after row, between the
    /// tiles of the next one, so that memory is written while something is computed.
    private final class Task {
        private final float[] x;
        private final int xo;
        private final int first;
        private final PixelRows rows;
        private final boolean keeps;
        private final int block;
        private final int[] at = new int[PixelKernel.ROWS];
        private final float[] sums;
        private final int half;
        // Finished sums: those of `left` pixels from `pixel` on wait at sums[from].
        private int from;
        private int left;
        private int pixel;
        private int filter;
        private int width;

        Task(float[] x, int xo, int first, PixelRows rows, boolean keeps, int block) {
            this.x = x;
            this.xo = xo;
            this.first = first * starts.length;
            this.rows = rows;
            this.keeps = keeps;
            this.block = block;
            half = (block + PixelKernel.ROWS) * (keeps ? Math.max(WIDTH, KEPT_WEIGHTS / depth) : WIDTH);
            sums = Scratch.lines(Scratch.CONV_SUMS, 2 * half);
        }

        /// Pixels [p0, p1), panels [j0, j1).
        void run(int p0, int p1, int j0, int j1) {
            int to = Scratch.LINE;
            for (int p = p0; p < p1; p += block) {
                int end = Math.min(p1, p + block);
                float[] windows = FENCED ? rows(x, xo, p, end) : gathers ? windows(x, xo, p, end) : x;
                for (int j = j0; j < j1; j = keeps ? j1 : j + 1) {
                    unit(windows, p, end, j, keeps ? j1 : j + 1, to);
                    to = 2 * Scratch.LINE + half - to;
                }
            }
            write(left);
        }

        private void unit(float[] windows, int p0, int p1, int j0, int j1, int to) {
            int step = panels[j1] - panels[j0];
            int calls = 0;
            for (int j = j0; j < j1; j++) {
                int height = PixelKernel.rows((panels[j + 1] - panels[j]) / L);
                calls += (p1 - p0 + height - 1) / height * pieces.length;
            }
            int each = (left + calls - 1) / calls;
            for (int j = j0; j < j1; j++) {
                for (int k = 0; k < pieces.length; k++) {
                    piece(windows, p0, p1, j, k, to + panels[j] - panels[j0], step, each);
                }
            }
            from = to;
            left = p1 - p0;
            pixel = first + p0;
            filter = panels[j0];
            width = step;
        }

        /// One piece of the window of all pixels, so that the panel's rows for it stay in the first-level cache.
        private void piece(float[] windows, int p0, int p1, int j, int k, int to, int step, int each) {
            Piece piece = pieces[k];
            int panel = panels[j + 1] - panels[j];
            int vectors = panel / L;
            int height = PixelKernel.rows(vectors);
            int w = packed.at() + panels[j] * depth + piece.step * panel;
            boolean begins = piece.step == 0;
            for (int p = p0; p < p1; p += height) {
                if (FENCED) {
                    for (int i = 0; i < height; i++) {
                        at[i] = (k * (p1 - p0 + PixelKernel.ROWS) + p - p0 + i) * PITCH;
                    }
                } else if (gathers) {
                    for (int i = 0; i < height; i++) {
                        at[i] = (Math.min(p + i, p1 - 1) - p0) * depth + piece.offset;
                    }
                } else {
                    place(p, p1, height, xo + piece.offset, at);
                }
                int t = to + (p - p0) * step;
                float[] f = begins ? GemmKernel.ZEROS : sums;
                int fs = begins ? 0 : step;
                PixelKernel.tile(
                        vectors, windows, at, piece.length, packed.data(), w, f, begins ? 0 : t, fs, sums, t, step);
                write(Math.min(each, left));
            }
        }

        private void write(int count) {
            rows.store(sums, from, width, count, pixel, s.filters(), filter, width);
            from += count * width;
            pixel += count;
            left -= count;
        }
    }

    /// The windows of pixels [p0, p1), piece by piece, and for each a row a pixel, [#PITCH] floats apart.
    private float[] rows(float[] x, int xo, int p0, int p1) {
        int rows = p1 - p0 + PixelKernel.ROWS; // tiles read beyond the last one
        float[] windows = Scratch.floats(Scratch.CONV_B, pieces.length * rows * PITCH);
        int[] at = new int[1];
        for (int p = p0; p < p1; p++) {
            place(p, p1, 1, xo, at);
            if (shortRuns) {
                joined(x, at[0], windows, p - p0, rows);
                continue;
            }
            for (int k = 0; k < pieces.length; k++) {
                int to = (k * rows + p - p0) * PITCH;
                PatchCopy.run(x, at[0] + pieces[k].offset, windows, to, pieces[k].length);
            }
        }
        return windows;
    }

    /// The window at `x[at]`, whose pieces go beyond its runs.
    private void joined(float[] x, int at, float[] windows, int row, int rows) {
        int size = pieces[0].length;
        int d = 0;
        for (int run : runs) {
            for (int i = 0; i < length; ) {
                int count = Math.min(length - i, size - d % size);
                PatchCopy.run(x, at + run + i, windows, (d / size * rows + row) * PITCH + d % size, count);
                i += count;
                d += count;
            }
        }
    }

    /// The windows of pixels [p0, p1), one after the other. Runs are copied in whole vectors: what is too much is
    /// overwritten by the next run.
    private float[] windows(float[] x, int xo, int p0, int p1) {
        float[] windows = Scratch.floats(Scratch.CONV_B, (p1 - p0) * depth + L);
        int whole = (length + L - 1) / L * L;
        int d = 0;
        int[] at = new int[1];
        for (int p = p0; p < p1; p++) {
            place(p, p1, 1, xo, at);
            for (int run : runs) {
                int from = at[0] + run;
                if (from + whole > x.length) {
                    System.arraycopy(x, from, windows, d, length);
                } else {
                    for (int i = 0; i < whole; i += L) {
                        FloatVector.fromArray(S, x, from + i).intoArray(windows, d + i);
                    }
                }
                d += length;
            }
        }
        return windows;
    }

    /// Neighbouring floats of a window: `length` from `offset` on, the first of which is number `step` of the window's.
    private record Piece(int offset, int step, int length) {}

    /// The runs of a window, each in equal pieces of at most STEPS.
    private static Piece[] pieces(int[] runs, int length) {
        int each = (length + STEPS - 1) / STEPS;
        int size = (length + each - 1) / each;
        Piece[] pieces = new Piece[runs.length * each];
        for (int i = 0; i < pieces.length; i++) {
            int from = i % each * size;
            pieces[i] = new Piece(runs[i / each] + from, i / each * length + from, Math.min(size, length - from));
        }
        return pieces;
    }
}
