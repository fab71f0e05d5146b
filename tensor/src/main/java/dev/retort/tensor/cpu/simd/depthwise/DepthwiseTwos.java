package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// Forward pass of depthwise kernels of three or five columns with a step of two, for vectors of up to eight
/// floats, with which taking every second float apart costs half of the filter.
///
/// ```
///   plane between zeros, copied a band ahead of the tiles   tiles of 4 pieces of L outputs, 2 x 2 or 4 x 1
///   0  0  0  0  0 …                                         +----+----+        +----+
///   0 x0 x1 x2 x3 …                                  ->     +----+----+   or   +----+
///   0 …                                                     +----+----+        +----+ …
/// ```
///
/// [LanePairs] has the loop of a tile, whose pairs of weights are made once for all images. The last tiles of
/// rows and columns overlap those before them. A plane whose outputs are not all finite is computed again by
/// taps that read what they need and nothing else.
final class DepthwiseTwos {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Floats of planes handled by one parallel task.
    private static final int TASK = 1 << 14;
    /// Rows of a plane that are copied at once (measured: 4, 10, 14, 28).
    private static final int BAND = 14;

    private final int height;
    private final int width;
    private final int rows;
    private final int columns;
    private final int kernelW;
    /// Vectors of weights of a kernel row.
    private final int vectors;
    private final int strideH;
    /// Source rows of one row of outputs.
    private final int reach;
    private final int top;
    private final int left;
    private final int pitch;
    private final int length;

    /// Rows and columns of outputs of a tile.
    private final int high;

    private final int wide;
    /// Where each kernel row of the first output reads.
    private final int[] offset;

    private DepthwiseTwos(ConvShape s) {
        height = s.height();
        width = s.width();
        rows = s.outHeight();
        columns = s.outWidth();
        kernelW = s.kernelW();
        vectors = (kernelW + 1) / 2;
        strideH = s.strideH();
        reach = s.dilationH() * (s.kernelH() - 1) + 1;
        top = s.padH();
        left = s.padW();
        pitch = Math.max(left + width, 2 * (columns - 1) + kernelW);
        boolean across = columns > L && computed(2, 2 * L) <= computed(4, L);
        high = across ? 2 : 4;
        wide = across ? Math.min(columns, 2 * L) : L;
        int last = (Math.max(rows, high) - 1) * strideH + reach;
        length = Math.max(last, top + height) * pitch + 3 * L;
        offset = new int[s.kernelH()];
        for (int u = 0; u < offset.length; u++) {
            offset[u] = u * s.dilationH() * pitch;
        }
    }

    /// Outputs that tiles of so many rows and columns compute.
    private int computed(int tileRows, int tileColumns) {
        return Math.ceilDiv(rows, tileRows) * tileRows * Math.ceilDiv(columns, tileColumns) * tileColumns;
    }

    static boolean suits(ConvShape s) {
        return L >= 4
                && L < 16
                && s.width() >= L
                && (s.kernelW() == 3 || s.kernelW() == 5)
                && s.strideW() == 2
                && s.dilationW() == 1
                && s.outHeight() > 0
                && s.outWidth() > 0;
    }

    static void forward(
            ConvShape s,
            float[] x,
            int xo,
            float[] w,
            int wo,
            float @Nullable [] bias,
            int biasOff,
            float[] y,
            int yo) {
        DepthwiseTwos p = new DepthwiseTwos(s);
        int multiplier = s.groupFilters();
        int each = (p.offset.length * p.vectors + 1) * L;
        float[] pairs = Scratch.floats(Scratch.CONV_A, s.filters() * each); // read by all threads
        for (int f = 0; f < s.filters(); f++) {
            p.spread(w, wo + f * s.taps(), bias == null ? 0f : bias[biasOff + f], pairs, f * each);
        }
        Parallel.forRange(s.batch() * s.channels(), Math.max(1, TASK / p.length), (from, to) -> {
            float[] zeros = Scratch.floats(Scratch.PARTIAL, L);
            float[] padded = p.empty(zeros);
            for (int nc = from; nc < to; nc++) {
                int in = xo + nc * p.height * p.width;
                for (int m = 0; m < multiplier; m++) {
                    int f = nc % s.channels() * multiplier + m;
                    int out = yo + (nc * multiplier + m) * p.rows * p.columns;
                    p.tiles(x, in, m == 0 ? 0 : p.height, padded, zeros, pairs, f * each, y, out);
                }
                if (Lanes.sum(zeros, 0) != 0f) {
                    DepthwiseWindow exact = DepthwiseWindow.forward(s); // its plane takes the place of this one
                    Depthwise.plane(s, exact, nc, exact.empty(), x, xo, w, wo, bias, biasOff, y, yo);
                    padded = p.empty(zeros);
                }
            }
        });
    }

    /// The calling thread's padded plane, all zeros, and zeros that stay so while outputs are finite.
    private float[] empty(float[] zeros) {
        float[] padded = Scratch.floats(Scratch.PLANE, length);
        Arrays.fill(padded, 0, length, 0f);
        Arrays.fill(zeros, 0, L, 0f);
        return padded;
    }

    /// The bias, then a vector for each two taps of a kernel row, as [LanePairs] takes them.
    private void spread(float[] w, int wo, float bias, float[] pairs, int at) {
        LanePairs.spread(bias, 0f, pairs, at);
        int to = at + L;
        for (int u = 0; u < offset.length; u++) {
            int from = wo + u * kernelW;
            for (int k = 1; k < kernelW; k += 2, to += L) {
                LanePairs.spread(w[from + k - 1], w[from + k], pairs, to);
            }
            LanePairs.spread(w[from + kernelW - 1], 0f, pairs, to);
            to += L;
        }
    }

    /// Writes a plane of outputs at `y[yo]`, of the plane at `x[xo]` whose first `copied` rows are in `padded`.
    /// Bands of it are copied as tiles come to them, so that memory and multiplications take turns.
    private void tiles(
            float[] x, int xo, int copied, float[] padded, float[] zeros, float[] pairs, int po, float[] y, int yo) {
        int ready = copied;
        for (int i = 0; i < rows; i += high) {
            int needed = Math.min(height, (i + high - 1) * strideH + reach - top);
            if (ready < needed) {
                int until = Math.min(height, Math.max(needed, ready + BAND));
                fill(x, xo, ready, until, padded);
                ready = until;
            }
            int row = Math.max(0, Math.min(i, rows - high));
            for (int j = 0; j < columns; j += wide) {
                int column = Math.max(0, Math.min(j, columns - wide));
                int from = row * strideH * pitch + 2 * column;
                int to = yo + row * columns + column;
                if (rows >= high && columns >= wide) {
                    tile(padded, from, pairs, po, y, to, columns, zeros);
                } else {
                    larger(padded, from, pairs, po, y, to, zeros);
                }
            }
        }
    }

    private void tile(float[] x, int xo, float[] pairs, int po, float[] y, int yo, int yStep, float[] zeros) {
        int down = strideH * pitch;
        int x1 = high == 2 ? 2 * (wide - L) : down;
        int x2 = high == 2 ? down : 2 * down;
        int y1 = high == 2 ? wide - L : yStep;
        int y2 = high == 2 ? yStep : 2 * yStep;
        if (vectors == 3) {
            LanePairs.five(x, xo, x1, x2, x1 + x2, offset, pairs, po, y, yo, y1, y2, y1 + y2, zeros);
        } else {
            LanePairs.three(x, xo, x1, x2, x1 + x2, offset, pairs, po, y, yo, y1, y2, y1 + y2, zeros);
        }
    }

    /// A tile that is larger than the plane.
    private void larger(float[] padded, int from, float[] pairs, int po, float[] y, int yo, float[] zeros) {
        float[] whole = Scratch.floats(Scratch.PLANE_GRAD, 4 * L);
        tile(padded, from, pairs, po, whole, 0, wide, zeros);
        for (int r = 0; r < Math.min(high, rows); r++) {
            PatchCopy.run(whole, r * wide, y, yo + r * columns, Math.min(wide, columns));
        }
    }

    /// Copies rows [from, to) of the plane at `src[s]` between the zeros.
    private void fill(float[] src, int s, int from, int to, float[] padded) {
        int at = s + from * width;
        int d = (from + top) * pitch + left;
        for (int j = 0; j < width; j += 4 * L) {
            int first = Math.max(0, Math.min(j, width - 4 * L)); // overlaps the columns before it
            copy(src, at + first, width, padded, d + first, pitch, to - from, Math.min(width, 4 * L) - L);
        }
    }

    /// Copies rows of four vectors, the last at column `last`; they overlap where rows are shorter.
    static void copy(float[] src, int s, int sStep, float[] dst, int d, int dStep, int rows, int last) {
        int b = Math.min(L, last);
        int c = Math.min(2 * L, last);
        int from = s;
        int to = d;
        for (int i = 0; i < rows; i++) {
            FloatVector v0 = FloatVector.fromArray(S, src, from);
            FloatVector v1 = FloatVector.fromArray(S, src, from + b);
            FloatVector v2 = FloatVector.fromArray(S, src, from + c);
            FloatVector v3 = FloatVector.fromArray(S, src, from + last);
            v0.intoArray(dst, to);
            v1.intoArray(dst, to + b);
            v2.intoArray(dst, to + c);
            v3.intoArray(dst, to + last);
            from += sStep;
            to += dStep;
        }
    }
}
