package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Weight gradient of depthwise kernels of 3 x 3 and 5 x 5 with a step of two, two taps a multiplication.
///
/// ```
///   input row 2 i + u         x0 x1 | x2 x3 | x4 x5 | …     of a plane between zeros, k pairs on
///   doubled gradient row i    g0 g0 | g1 g1 | g2 g2 | …     of a DoubledPlane
///   sums of (u, k)            s0 s1 | s2 s3 | s4 s5 | …     even and odd lanes are taps 2 k and 2 k + 1 of row u
/// ```
///
/// L columns of the doubled gradient walk down the plane: row 2 m of the input meets gradient rows m, m - 1, …, of
/// which only the first is loaded. Zeros behind a row meet inputs; where those are not finite that makes a NaN, and
/// what called this computes the sum again.
final class TwosWeightGrad {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Channels of a task, whose planes of one image are read in a row.
    private static final int BLOCK = 16;
    /// Floats of the largest plane, a first-level cache: above it, walking down a copy is no gain (measured: 112 x
    /// 112).
    private static final int LARGEST = 1 << 13;

    private final ConvShape s;
    private final DoubledPlane doubled;
    private final int sums;

    /// Floats from row to row of the padded input, from its start to its first pixel, and in all.
    private final int pitch;

    private final int first;
    private final int length;

    private TwosWeightGrad(ConvShape s) {
        this.s = s;
        doubled = new DoubledPlane(s);
        sums = s.kernelH() * doubled.vectors * L;
        int read = Math.ceilDiv(2 * s.outWidth(), L) * L + 2 * (doubled.vectors - 1);
        pitch = Math.ceilDiv(Math.max(s.padW() + s.width(), read), L) * L;
        first = s.padH() * pitch + s.padW();
        length = Math.max(s.padH() + s.height() + 1, 2 * s.outHeight() + s.kernelH()) * pitch;
    }

    static boolean suits(ConvShape s) {
        long size = (s.height() + 2L * s.padH()) * (s.width() + 2L * s.padW());
        return DoubledPlane.suits(s) && size <= LARGEST;
    }

    static void run(ConvShape s, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        TwosWeightGrad p = new TwosWeightGrad(s);
        int block = Math.min(BLOCK, Math.ceilDiv(s.channels(), 4 * Parallel.threads()));
        Parallel.forRange(s.channels(), block, (from, to) -> p.channels(from, to, dy, dyo, x, xo, dw, dwo));
    }

    private void channels(int from, int to, float[] dy, int dyo, float[] x, int xo, float[] dw, int dwo) {
        int multiplier = s.groupFilters();
        int all = (to - from) * multiplier * sums;
        float[] lanes = Scratch.floats(Scratch.PLANE_GRAD, all);
        Arrays.fill(lanes, 0, all, 0f);
        float[] gradient = doubled.empty();
        float[] padded = Scratch.floats(Scratch.ROW, length);
        Arrays.fill(padded, 0, length, 0f);
        for (int n = 0; n < s.batch(); n++) {
            for (int c = from; c < to; c++) {
                int nc = n * s.channels() + c;
                fill(x, xo + nc * s.height() * s.width(), padded);
                for (int m = 0; m < multiplier; m++) {
                    int f = nc * multiplier + m;
                    doubled.fill(dy, dyo + f * s.outHeight() * s.outWidth(), gradient);
                    addProducts(padded, gradient, lanes, ((c - from) * multiplier + m) * sums);
                }
            }
        }
        for (int f = from * multiplier; f < to * multiplier; f++) {
            taps(lanes, (f - from * multiplier) * sums, dw, dwo + f * s.taps());
        }
    }

    /// Copies the plane at `x[xo]` between the zeros.
    private void fill(float[] x, int xo, float[] padded) {
        int width = s.width();
        for (int j = 0; j < width; j += 4 * L) {
            int at = Math.max(0, Math.min(j, width - 4 * L)); // overlaps the columns before it
            int last = Math.min(width, 4 * L) - L;
            DepthwiseTwos.copy(x, xo + at, width, padded, first + at, pitch, s.height(), last);
        }
    }

    /// Each tap is half of the lanes of a vector.
    private void taps(float[] lanes, int at, float[] dw, int dwo) {
        for (int u = 0; u < s.kernelH(); u++) {
            for (int v = 0; v < s.kernelW(); v++) {
                int from = at + (u * doubled.vectors + v / 2) * L;
                float sum = 0f;
                for (int i = v & 1; i < L; i += 2) {
                    sum += lanes[from + i];
                }
                dw[dwo + u * s.kernelW() + v] = sum;
            }
        }
    }

    /// Adds the products of a plane to the sums. Rows of zeros above and below are left out, as far as they come in
    /// twos.
    private void addProducts(float[] x, float[] g, float[] lanes, int to) {
        int strips = Math.ceilDiv(2 * s.outWidth(), L);
        int skip = s.padH() / 2;
        int rows = doubled.steps - skip;
        int from = 2 * skip * pitch;
        int at = doubled.origin - s.padW() + skip * doubled.pitch;
        if (s.kernelH() == 5) {
            evenRows(x, from, 2 * pitch, g, at, doubled.pitch, rows, strips, lanes, to);
            oddRows(x, from + pitch, 2 * pitch, g, at, doubled.pitch, rows, strips, lanes, to + 3 * L);
        } else {
            three(x, from, pitch, g, at, doubled.pitch, rows, strips, lanes, to);
        }
    }

    /// Kernel rows 0, 2 and 4 of three vectors each, which meet even rows.
    private static void evenRows(
            float[] x, int xo, int xStep, float[] g, int go, int gStep, int rows, int strips, float[] lanes, int to) {
        FloatVector s0 = FloatVector.fromArray(S, lanes, to);
        FloatVector s1 = FloatVector.fromArray(S, lanes, to + L);
        FloatVector s2 = FloatVector.fromArray(S, lanes, to + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, lanes, to + 6 * L);
        FloatVector s4 = FloatVector.fromArray(S, lanes, to + 7 * L);
        FloatVector s5 = FloatVector.fromArray(S, lanes, to + 8 * L);
        FloatVector s6 = FloatVector.fromArray(S, lanes, to + 12 * L);
        FloatVector s7 = FloatVector.fromArray(S, lanes, to + 13 * L);
        FloatVector s8 = FloatVector.fromArray(S, lanes, to + 14 * L);
        for (int j = 0; j < strips; j++) {
            int at = go + j * L;
            int from = xo + j * L;
            FloatVector g1 = FloatVector.fromArray(S, g, at - gStep);
            FloatVector g2 = FloatVector.fromArray(S, g, at - 2 * gStep);
            for (int i = 0; i < rows; i++) {
                FloatVector g0 = FloatVector.fromArray(S, g, at);
                FloatVector v = FloatVector.fromArray(S, x, from);
                s0 = v.fma(g0, s0);
                s3 = v.fma(g1, s3);
                s6 = v.fma(g2, s6);
                v = FloatVector.fromArray(S, x, from + 2);
                s1 = v.fma(g0, s1);
                s4 = v.fma(g1, s4);
                s7 = v.fma(g2, s7);
                v = FloatVector.fromArray(S, x, from + 4);
                s2 = v.fma(g0, s2);
                s5 = v.fma(g1, s5);
                s8 = v.fma(g2, s8);
                g2 = g1;
                g1 = g0;
                at += gStep;
                from += xStep;
            }
        }
        s0.intoArray(lanes, to);
        s1.intoArray(lanes, to + L);
        s2.intoArray(lanes, to + 2 * L);
        s3.intoArray(lanes, to + 6 * L);
        s4.intoArray(lanes, to + 7 * L);
        s5.intoArray(lanes, to + 8 * L);
        s6.intoArray(lanes, to + 12 * L);
        s7.intoArray(lanes, to + 13 * L);
        s8.intoArray(lanes, to + 14 * L);
    }

    /// Kernel rows 1 and 3, which meet odd rows.
    private static void oddRows(
            float[] x, int xo, int xStep, float[] g, int go, int gStep, int rows, int strips, float[] lanes, int to) {
        FloatVector s0 = FloatVector.fromArray(S, lanes, to);
        FloatVector s1 = FloatVector.fromArray(S, lanes, to + L);
        FloatVector s2 = FloatVector.fromArray(S, lanes, to + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, lanes, to + 6 * L);
        FloatVector s4 = FloatVector.fromArray(S, lanes, to + 7 * L);
        FloatVector s5 = FloatVector.fromArray(S, lanes, to + 8 * L);
        for (int j = 0; j < strips; j++) {
            int at = go + j * L;
            int from = xo + j * L;
            FloatVector g1 = FloatVector.fromArray(S, g, at - gStep);
            for (int i = 0; i < rows; i++) {
                FloatVector g0 = FloatVector.fromArray(S, g, at);
                FloatVector v = FloatVector.fromArray(S, x, from);
                s0 = v.fma(g0, s0);
                s3 = v.fma(g1, s3);
                v = FloatVector.fromArray(S, x, from + 2);
                s1 = v.fma(g0, s1);
                s4 = v.fma(g1, s4);
                v = FloatVector.fromArray(S, x, from + 4);
                s2 = v.fma(g0, s2);
                s5 = v.fma(g1, s5);
                g1 = g0;
                at += gStep;
                from += xStep;
            }
        }
        s0.intoArray(lanes, to);
        s1.intoArray(lanes, to + L);
        s2.intoArray(lanes, to + 2 * L);
        s3.intoArray(lanes, to + 6 * L);
        s4.intoArray(lanes, to + 7 * L);
        s5.intoArray(lanes, to + 8 * L);
    }

    /// Three kernel rows of two vectors each.
    private static void three(
            float[] x, int xo, int xStep, float[] g, int go, int gStep, int rows, int strips, float[] lanes, int to) {
        FloatVector s0 = FloatVector.fromArray(S, lanes, to);
        FloatVector s1 = FloatVector.fromArray(S, lanes, to + L);
        FloatVector s2 = FloatVector.fromArray(S, lanes, to + 4 * L);
        FloatVector s3 = FloatVector.fromArray(S, lanes, to + 5 * L);
        FloatVector s4 = FloatVector.fromArray(S, lanes, to + 2 * L);
        FloatVector s5 = FloatVector.fromArray(S, lanes, to + 3 * L);
        for (int j = 0; j < strips; j++) {
            int at = go + j * L;
            int from = xo + j * L;
            FloatVector g1 = FloatVector.fromArray(S, g, at - gStep);
            for (int i = 0; i < rows; i++) {
                FloatVector g0 = FloatVector.fromArray(S, g, at);
                FloatVector v = FloatVector.fromArray(S, x, from);
                s0 = v.fma(g0, s0);
                s2 = v.fma(g1, s2);
                v = FloatVector.fromArray(S, x, from + 2);
                s1 = v.fma(g0, s1);
                s3 = v.fma(g1, s3);
                v = FloatVector.fromArray(S, x, from + xStep);
                s4 = v.fma(g0, s4);
                v = FloatVector.fromArray(S, x, from + xStep + 2);
                s5 = v.fma(g0, s5);
                g1 = g0;
                at += gStep;
                from += 2 * xStep;
            }
        }
        s0.intoArray(lanes, to);
        s1.intoArray(lanes, to + L);
        s2.intoArray(lanes, to + 4 * L);
        s3.intoArray(lanes, to + 5 * L);
        s4.intoArray(lanes, to + 2 * L);
        s5.intoArray(lanes, to + 3 * L);
    }
}
