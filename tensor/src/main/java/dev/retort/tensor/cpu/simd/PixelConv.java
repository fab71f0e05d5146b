package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// A convolution of one group whose weights were packed beforehand, on images whose channels lie together (NHWC): for
/// answering, where weights stay and a single image has few pixels.
///
/// ```
///   x, padded: pixels of channels        weights: runs x length, panels of NR filters in lanes      y
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
    private static final int NR = GemmKernel.NR;
    /// Floats of the images that are multiplied with one panel after the other: half of the second-level cache.
    private static final int BLOCK_FLOATS = 1 << 18;
    /// Weights that stay in that cache while blocks go by, and the floats of a block then.
    private static final int KEPT_WEIGHTS = 1 << 17;

    private static final int KEPT_FLOATS = 1 << 15;
    /// Floats of padded copies of images kept at once.
    private static final int COPY_FLOATS = 1 << 19;
    /// Most steps of a window that are multiplied at a time: a panel's rows for them take 32 KB.
    private static final int STEPS = 256;
    /// Runs that are shorter are not worth a tile: the channels of an image are three, say.
    private static final int SHORT_RUN = 32;

    /// Parallel tasks there should be.
    private static final int TASKS = 8;
    /// Multiply-adds that are worth a task.
    private static final int TASK_WORK = 1 << 20;

    private final ConvShape s;
    private final float[] packed;
    private final float[] bias;
    private final int[] runs;
    private final int length;
    private final int depth;
    /// Whether windows are copied, each into one run, before they are multiplied.
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
        gathers = runs.length > 1 && length < SHORT_RUN;
        pieces = gathers ? pieces(new int[] {0}, depth) : pieces(runs, length);
        starts = new int[s.outHeight() * s.outWidth()];
        for (int p = 0; p < starts.length; p++) {
            int y = p / s.outWidth();
            starts[p] = y * s.strideH() * line + (p - y * s.outWidth()) * s.strideW() * s.channels();
        }
        packed = packed(s, w, wo);
    }

    /// Whether a convolution can be prepared so: one group, filters in whole vectors, finite weights.
    public static boolean suits(ConvShape s, float[] w, int wo) {
        return !s.empty() && s.groups() == 1 && s.filters() % L == 0 && NonFiniteConv.finite(w, wo, s.weights());
    }

    /// Panels of NR filters, the last perhaps of L; steps in the order (kernel row, kernel column, channel).
    private static float[] packed(ConvShape s, float[] w, int wo) {
        int depth = s.taps() * s.channels();
        float[] packed = new float[s.filters() * depth];
        for (int f = 0; f < s.filters(); f++) {
            int j = f / NR * NR;
            int width = Math.min(NR, s.filters() - j);
            for (int t = 0; t < s.taps(); t++) {
                for (int c = 0; c < s.channels(); c++) {
                    int d = j * depth + (t * s.channels() + c) * width + f - j;
                    packed[d] = w[wo + (f * s.channels() + c) * s.taps() + t];
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
        int pixels = starts.length;
        int panels = (s.filters() + NR - 1) / NR;
        int size = block(pixels);
        int blocks = (pixels + size - 1) / size;
        long work = (long) pixels * s.filters() * s.channels() * s.taps();
        int wanted = (int) Math.min(TASKS, Math.max(1, work / TASK_WORK));
        int splits = Math.max(1, Math.min(panels, (wanted + blocks - 1) / blocks));
        int perTask = (panels + splits - 1) / splits;
        int tasks = (panels + perTask - 1) / perTask;
        Parallel.forRange(count * blocks * tasks, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int n = t / tasks / blocks;
                int block = t / tasks % blocks;
                int p0 = block * size;
                int p1 = Math.min(pixels, p0 + size);
                int j0 = t % tasks * perTask;
                if (tasks == 1 && packed.length <= KEPT_WEIGHTS) { // results of a block are few and written together
                    rows.touch((first + n) * pixels + p0, p1 - p0, s.filters());
                }
                int image = xo + n * imageFloats;
                float[] windows = gathers ? windows(x, image, p0, p1) : x;
                for (int j = j0; j < Math.min(panels, j0 + perTask); j++) {
                    panel(windows, gathers ? 0 : image, first + n, p0, p1, j * NR, rows);
                }
            }
        });
    }

    /// Pixels of a block, a multiple of a tile's. Where all weights stay in the second-level cache, the results of a
    /// block do too: a pixel's are written panel by panel, shortcut and all.
    private int block(int pixels) {
        int perPixel = gathers ? depth : Math.max(1, imageFloats / pixels);
        int most = packed.length <= KEPT_WEIGHTS ? KEPT_FLOATS / (perPixel + s.filters()) : BLOCK_FLOATS / perPixel;
        return Math.max(1, most / PixelKernel.WIDE_ROWS) * PixelKernel.WIDE_ROWS;
    }

    /// The windows of pixels [p0, p1), one after the other. Runs are copied in whole vectors: what is too much is
    /// overwritten by the next run.
    private float[] windows(float[] x, int image, int p0, int p1) {
        float[] windows = Scratch.floats(Scratch.CONV_B, (p1 - p0) * depth + L);
        int whole = (length + L - 1) / L * L;
        int d = 0;
        for (int p = p0; p < p1; p++) {
            for (int run : runs) {
                int from = image + starts[p] + run;
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

    /// Filters from j on of pixels [p0, p1) of image n: one piece of the window after the other for all pixels, so that
    /// the panel's rows for it stay in the first-level cache.
    private void panel(float[] x, int image, int n, int p0, int p1, int j, PixelRows rows) {
        boolean wide = s.filters() - j >= NR;
        int height = wide ? PixelKernel.WIDE_ROWS : PixelKernel.NARROW_ROWS;
        int width = wide ? NR : L;
        int[] at = new int[PixelKernel.ROWS];
        int room = (p1 - p0 + height - 1) / height * height * width;
        float[] sums = Scratch.floats(Scratch.GEMM_TILE, room);
        Arrays.fill(sums, 0, room, 0f);
        for (Piece piece : pieces) {
            int w = j * depth + piece.step * width;
            for (int p = p0; p < p1; p += height) {
                for (int i = 0; i < height; i++) {
                    int pixel = Math.min(p + i, p1 - 1); // beyond the end the last one is computed again and dropped
                    at[i] = gathers ? (pixel - p0) * depth : starts[pixel];
                }
                int t = (p - p0) * width;
                PixelKernel.tile(wide, x, at, image + piece.offset, piece.length, packed, w, sums, t);
            }
        }
        rows.store(sums, 0, width, p1 - p0, n * starts.length + p0, s.filters(), j, width);
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
