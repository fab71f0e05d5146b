package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.jspecify.annotations.Nullable;

/// How planes are cut into overlapping tiles, and the two-dimensional transforms of rows of tiles.
///
/// Tile (i, j) of an image yields outputs `[m i, m i + m) x [m j, m j + m)` and reads the `alpha x alpha` inputs that
/// start at `(m i - top, m j - left)`, alpha = m + kernel - 1. Tile rows are numbered through all images.
public final class WinogradTiles {
    private static final int L = Lanes.LENGTH;
    private static final int LINE = Scratch.LINE;

    public final int m;
    /// Rows and columns of a kernel: 2, 3 or 4.
    final int kernel;

    public final int alpha;
    /// Points of a transformed tile.
    public final int points;
    final int batch;
    public final int height;
    public final int width;
    public final int tileRows;
    public final int tileColumns;

    /// Tiles of `batch` planes of `height x width` outputs, for kernels of 3 x 3.
    public WinogradTiles(int m, int batch, int height, int width) {
        this(m, 3, batch, height, width);
    }

    /// The same for F(4, 3), F(2, 3) or F(4, 4), and results of F(2, 2).
    WinogradTiles(int m, int kernel, int batch, int height, int width) {
        this.m = m;
        this.kernel = kernel;
        alpha = m + kernel - 1;
        points = alpha * alpha;
        this.batch = batch;
        this.height = height;
        this.width = width;
        tileRows = (height + m - 1) / m;
        tileColumns = (width + m - 1) / m;
    }

    /// Rows of tiles in all images.
    public int rows() {
        return batch * tileRows;
    }

    /// Planes of the operand of a transform: image n, channel c starts at `data[off + n * image + c * plane]`.
    record Planes(float[] data, int off, int image, int plane, int channels, int height, int width, int top, int left) {
        /// Gathers rows [y, y + rows) and columns [0, columns) of the padded planes of a vector of channels.
        void gather(int n, int c, int y, int rows, int columns, float[] dst, int d0) {
            int at = off + n * image + c * plane;
            int lanes = Math.min(L, channels - c);
            int first = Math.min(left, columns);
            int count = Math.min(width, columns - first);
            for (int r = 0; r < rows; r++) {
                int row = y + r - top;
                int d = d0 + r * columns * L;
                if (row < 0 || row >= height || lanes <= 0) {
                    PatchCopy.zero(dst, d, columns * L);
                    continue;
                }
                PatchCopy.zero(dst, d, first * L);
                ChannelLanes.gather(data, at + row * width, plane, lanes, count, dst, d + first * L);
                PatchCopy.zero(dst, d + (first + count) * L, (columns - first - count) * L);
            }
        }
    }

    /// Transforms tile rows [r0, r1) of one vector of channels from c on: point k of tile t (counted from r0) of
    /// channel c goes to `dst[d + k * step + t * padded + c]`.
    ///
    /// @param outputs whether the planes hold gradients of outputs (m x m a tile) instead of inputs (alpha x alpha)
    void transform(Planes planes, boolean outputs, int r0, int r1, int c, float[] dst, int d, int step, int padded) {
        int window = outputs ? m : alpha;
        int columns = columns(outputs);
        int line = columns * L;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, alpha * line);
        for (int r = r0; r < r1; ) {
            int n = r / tileRows;
            int i = r - n * tileRows;
            int end = Math.min(r1 - r, tileRows - i);
            int rows = m * end + window - m;
            float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, rows * line);
            planes.gather(n, c, m * i, rows, columns, lanes, LINE);
            for (int k = 0; k < end; k++, r++) {
                lift(outputs, lanes, LINE + m * k * line, line, L, half, LINE, line, L, columns);
                int to = d + (r - r0) * tileColumns * padded + c;
                for (int a = 0; a < alpha; a++) {
                    int point = to + a * alpha * step;
                    lift(outputs, half, LINE + a * line, L, m * L, dst, point, step, padded, tileColumns);
                }
            }
        }
    }

    /// Columns of the padded planes that a row of tiles touches.
    int columns(boolean outputs) {
        return m * tileColumns + (outputs ? 0 : alpha - m);
    }

    /// The first half of [#transform], along the columns of the planes: row a of the points of row r of tiles (counted
    /// from r0) goes to `dst[d + a * step + r * columns * L]`.
    void liftRows(Planes planes, boolean outputs, int r0, int r1, int c, float[] dst, int d, int step) {
        int window = outputs ? m : alpha;
        int columns = columns(outputs);
        int line = columns * L;
        for (int r = r0; r < r1; ) {
            int n = r / tileRows;
            int i = r - n * tileRows;
            int end = Math.min(r1 - r, tileRows - i);
            int rows = m * end + window - m;
            float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, rows * line);
            planes.gather(n, c, m * i, rows, columns, lanes, LINE);
            for (int k = 0; k < end; k++, r++) {
                int to = d + (r - r0) * line;
                lift(outputs, lanes, LINE + m * k * line, line, L, dst, to, step, L, columns);
            }
        }
    }

    /// One-dimensional transform of n rows of a tile, of outputs' gradients or of inputs, to its points.
    public void lift(
            boolean outputs, float[] src, int s, int rStep, int qStep, float[] dst, int d, int oStep, int oQ, int n) {
        if (outputs) {
            if (alpha == 7) {
                WinogradSevens.gradient(src, s, rStep, qStep, dst, d, oStep, oQ, n);
            } else if (m == 4) {
                WinogradTransforms.gradient6(src, s, rStep, qStep, dst, d, oStep, oQ, n);
            } else {
                WinogradTransforms.gradient4(src, s, rStep, qStep, dst, d, oStep, oQ, n);
            }
        } else if (alpha == 7) {
            WinogradSevens.input(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        } else if (alpha == 6) {
            WinogradTransforms.input6(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        } else {
            WinogradTransforms.input4(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        }
    }

    /// One-dimensional transform of n rows from the points to outputs.
    public void lower(float[] src, int s, int rStep, int qStep, float[] dst, int d, int oStep, int oQ, int n) {
        if (alpha == 7) {
            WinogradSevens.output(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        } else if (m == 4) {
            WinogradTransforms.output6(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        } else if (kernel == 2) {
            WinogradPairs.output(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        } else {
            WinogradTransforms.output4(src, s, rStep, qStep, dst, d, oStep, oQ, n);
        }
    }

    /// The inverse for results: from `src[s + k * step + t * padded + c]` to the planes `out`, plus a bias per channel;
    /// false if a value is not finite.
    boolean outputs(
            float[] src,
            int s,
            int step,
            int padded,
            int r0,
            int r1,
            int c,
            Planes out,
            float @Nullable [] bias,
            int biasOff) {
        int line = m * tileColumns * L;
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, alpha * line);
        float[] lanes = Scratch.lines(Scratch.WINOGRAD_LANES, m * line);
        int channels = Math.min(L, out.channels - c);
        boolean finite = true;
        for (int r = r0; r < r1; r++) {
            int from = s + (r - r0) * tileColumns * padded + c;
            int strip = tileColumns * alpha * L;
            for (int b = 0; b < alpha; b++) {
                lower(src, from + b * step, alpha * step, padded, half, LINE + b * L, strip, alpha * L, tileColumns);
            }
            lower(half, LINE, L, alpha * L, lanes, LINE, L, m * L, m * tileColumns);
            finite &= finite(lanes, LINE, m * line);
            int n = r / tileRows;
            int y = (r - n * tileRows) * m;
            int at = out.off + n * out.image + c * out.plane;
            for (int a = 0; a < Math.min(m, height - y); a++) {
                int to = at + (y + a) * width;
                ChannelLanes.scatter(
                        lanes, LINE + a * line, width, out.data, to, out.plane, channels, bias, biasOff + c);
            }
        }
        return finite;
    }

    /// Whether n floats, whole vectors, hold neither infinity nor NaN.
    public static boolean finite(float[] x, int from, int n) {
        FloatVector zeros = FloatVector.zero(Lanes.SPECIES);
        FloatVector others = zeros; // two chains, since each waits for its last sum
        int i = from;
        for (; i < from + n - L; i += 2 * L) {
            FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, i);
            FloatVector u = FloatVector.fromArray(Lanes.SPECIES, x, i + L);
            zeros = v.sub(v).add(zeros);
            others = u.sub(u).add(others);
        }
        if (i < from + n) {
            FloatVector v = FloatVector.fromArray(Lanes.SPECIES, x, i);
            zeros = v.sub(v).add(zeros);
        }
        return zeros.add(others).compare(VectorOperators.EQ, 0f).allTrue();
    }
}
