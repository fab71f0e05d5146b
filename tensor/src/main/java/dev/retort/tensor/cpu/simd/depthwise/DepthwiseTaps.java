package dev.retort.tensor.cpu.simd.depthwise;

import dev.retort.tensor.cpu.simd.EverySecond;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PatchCopy;
import dev.retort.tensor.cpu.simd.Scratch;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// The loops over the taps of a depthwise kernel of any size, on a padded plane ([DepthwiseWindow]).
final class DepthwiseTaps {
    /// Rows of outputs whose sums are in registers at once.
    static final int ROWS = 8;
    /// Rows for which 16 registers suffice.
    private static final int SEVEN = 7;
    /// Taps whose products are.
    static final int TAPS = 5;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final VectorSpecies<Integer> INDEX = VectorSpecies.of(int.class, S.vectorShape());
    private static final IntVector EVEN = index(i -> 2 * i);
    private static final IntVector ODD = index(i -> 2 * i + 1);
    private static final IntVector LOW = index(i -> i / 2 + (i & 1) * L);
    private static final IntVector HIGH = index(i -> L / 2 + i / 2 + (i & 1) * L);
    /// Whether vectors are stored in part at no cost.
    private static final boolean MASKS = L >= 16;

    /// Whether there are 16 vector registers.
    private static final boolean FEW_REGISTERS = L < 16;

    private DepthwiseTaps() {}

    private static IntVector index(IntUnaryOperator from) {
        int[] lanes = new int[L];
        for (int i = 0; i < L; i++) {
            lanes[i] = from.applyAsInt(i);
        }
        return IntVector.fromArray(INDEX, lanes, 0);
    }

    /// Writes all outputs of the plane `x` to rows `yStep` apart from `y[yo]` on; tap t has the weight
    /// `w[wo + element[t]]`.
    static void filter(DepthwiseWindow p, float[] x, float[] w, int wo, float bias, float[] y, int yo, int yStep) {
        int[] run = p.run;
        int[] offset = p.offset;
        int[] element = p.element;
        float[] t = Scratch.floats(Scratch.ROW, ROWS * L);
        boolean seven = FEW_REGISTERS && Math.ceilDiv(p.rows, SEVEN) * SEVEN <= Math.ceilDiv(p.rows, ROWS) * ROWS;
        int high = seven ? SEVEN : ROWS;
        for (int j = 0; j < p.columns; j += L) {
            int left = p.columns < L ? 0 : Math.min(j, p.columns - L); // the last strip overlaps the one before it
            for (int i = 0; i < p.rows; i += high) {
                int first = p.rows < high ? 0 : Math.min(i, p.rows - high);
                int from = first * p.rowStep + left;
                int to = yo + first * yStep + left;
                int count = Math.min(high, p.rows - first);
                boolean whole = p.columns >= L && count == high;
                float[] out = whole ? y : t;
                int at = whole ? to : 0;
                int step = whole ? yStep : L;
                if (high == SEVEN) {
                    seven(run, offset, element, x, from, p.rowStep, w, wo, bias, out, at, step);
                } else {
                    rows(run, offset, element, x, from, p.rowStep, w, wo, bias, out, at, step);
                }
                for (int r = 0; r < count && !whole; r++) {
                    PatchCopy.run(t, r * L, y, to + r * yStep, Math.min(L, p.columns));
                }
            }
        }
    }

    /// Eight rows of a strip. From tap to tap of a run the rows move up by one, so only the last is loaded. Stores are
    /// whole vectors, because masked ones are slow on some processors.
    private static void rows(
            int[] run,
            int[] offset,
            int[] element,
            float[] x,
            int xo,
            int xStep,
            float[] w,
            int wo,
            float bias,
            float[] y,
            int yo,
            int yStep) {
        FloatVector s0 = FloatVector.broadcast(S, bias);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        FloatVector s7 = s0;
        for (int r = 0; r < run.length - 1; r++) {
            int at = xo + offset[run[r]];
            FloatVector x0 = FloatVector.fromArray(S, x, at);
            FloatVector x1 = FloatVector.fromArray(S, x, at + xStep);
            FloatVector x2 = FloatVector.fromArray(S, x, at + 2 * xStep);
            FloatVector x3 = FloatVector.fromArray(S, x, at + 3 * xStep);
            FloatVector x4 = FloatVector.fromArray(S, x, at + 4 * xStep);
            FloatVector x5 = FloatVector.fromArray(S, x, at + 5 * xStep);
            FloatVector x6 = FloatVector.fromArray(S, x, at + 6 * xStep);
            at += 7 * xStep;
            for (int t = run[r]; t < run[r + 1]; t++, at += xStep) {
                FloatVector v = FloatVector.broadcast(S, w[wo + element[t]]);
                FloatVector x7 = FloatVector.fromArray(S, x, at);
                s0 = v.fma(x0, s0);
                s1 = v.fma(x1, s1);
                s2 = v.fma(x2, s2);
                s3 = v.fma(x3, s3);
                s4 = v.fma(x4, s4);
                s5 = v.fma(x5, s5);
                s6 = v.fma(x6, s6);
                s7 = v.fma(x7, s7);
                x0 = x1;
                x1 = x2;
                x2 = x3;
                x3 = x4;
                x4 = x5;
                x5 = x6;
                x6 = x7;
            }
        }
        s0.intoArray(y, yo);
        s1.intoArray(y, yo + yStep);
        s2.intoArray(y, yo + 2 * yStep);
        s3.intoArray(y, yo + 3 * yStep);
        s4.intoArray(y, yo + 4 * yStep);
        s5.intoArray(y, yo + 5 * yStep);
        s6.intoArray(y, yo + 6 * yStep);
        s7.intoArray(y, yo + 7 * yStep);
    }

    /// The same for seven rows, which leave room for a weight where there are 16 registers.
    private static void seven(
            int[] run,
            int[] offset,
            int[] element,
            float[] x,
            int xo,
            int xStep,
            float[] w,
            int wo,
            float bias,
            float[] y,
            int yo,
            int yStep) {
        FloatVector s0 = FloatVector.broadcast(S, bias);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector s4 = s0;
        FloatVector s5 = s0;
        FloatVector s6 = s0;
        for (int r = 0; r < run.length - 1; r++) {
            int at = xo + offset[run[r]];
            FloatVector x0 = FloatVector.fromArray(S, x, at);
            FloatVector x1 = FloatVector.fromArray(S, x, at + xStep);
            FloatVector x2 = FloatVector.fromArray(S, x, at + 2 * xStep);
            FloatVector x3 = FloatVector.fromArray(S, x, at + 3 * xStep);
            FloatVector x4 = FloatVector.fromArray(S, x, at + 4 * xStep);
            FloatVector x5 = FloatVector.fromArray(S, x, at + 5 * xStep);
            at += 6 * xStep;
            for (int t = run[r]; t < run[r + 1]; t++, at += xStep) {
                FloatVector v = FloatVector.broadcast(S, w[wo + element[t]]);
                FloatVector x6 = FloatVector.fromArray(S, x, at);
                s0 = v.fma(x0, s0);
                s1 = v.fma(x1, s1);
                s2 = v.fma(x2, s2);
                s3 = v.fma(x3, s3);
                s4 = v.fma(x4, s4);
                s5 = v.fma(x5, s5);
                s6 = v.fma(x6, s6);
                x0 = x1;
                x1 = x2;
                x2 = x3;
                x3 = x4;
                x4 = x5;
                x5 = x6;
            }
        }
        s0.intoArray(y, yo);
        s1.intoArray(y, yo + yStep);
        s2.intoArray(y, yo + 2 * yStep);
        s3.intoArray(y, yo + 3 * yStep);
        s4.intoArray(y, yo + 4 * yStep);
        s5.intoArray(y, yo + 5 * yStep);
        s6.intoArray(y, yo + 6 * yStep);
    }

    /// Adds to the vector `lanes[to + slots[t] * L]` of each tap ([DepthwiseWindow#slots]) the products
    /// of the gradients at `g[go]` with what it read.
    static void addProducts(DepthwiseWindow p, float[] x, float[] g, int go, float[] lanes, int to) {
        for (int j = 0; j < p.columns; j += L) {
            VectorMask<Float> some = S.indexInRange(j, p.columns);
            for (int k = 0; k < p.group.length; k++) {
                int t = p.group[k];
                int last = (k + 1 < p.group.length ? p.group[k + 1] : p.offset.length) - 1;
                int at = to + k * TAPS * L;
                if (p.moving) {
                    int from = j + p.offset[t];
                    moving(x, from, p.rowStep, g, go + j, p.columns, p.rows, some, lanes, at);
                } else {
                    int x1 = j + p.offset[Math.min(t + 1, last)];
                    int x2 = j + p.offset[Math.min(t + 2, last)];
                    int x3 = j + p.offset[Math.min(t + 3, last)];
                    int x4 = j + p.offset[Math.min(t + 4, last)];
                    int x0 = j + p.offset[t];
                    taps(x, x0, x1, x2, x3, x4, p.rowStep, g, go + j, p.columns, p.rows, some, lanes, at);
                }
            }
        }
    }

    /// Five taps that read one row of outputs further each.
    private static void moving(
            float[] x,
            int xo,
            int xStep,
            float[] g,
            int go,
            int gStep,
            int rows,
            VectorMask<Float> some,
            float[] lanes,
            int to) {
        FloatVector s0 = FloatVector.fromArray(S, lanes, to);
        FloatVector s1 = FloatVector.fromArray(S, lanes, to + L);
        FloatVector s2 = FloatVector.fromArray(S, lanes, to + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, lanes, to + 3 * L);
        FloatVector s4 = FloatVector.fromArray(S, lanes, to + 4 * L);
        FloatVector x0 = FloatVector.fromArray(S, x, xo);
        FloatVector x1 = FloatVector.fromArray(S, x, xo + xStep);
        FloatVector x2 = FloatVector.fromArray(S, x, xo + 2 * xStep);
        FloatVector x3 = FloatVector.fromArray(S, x, xo + 3 * xStep);
        int at = xo + 4 * xStep;
        int from = go;
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(S, g, from, some);
            FloatVector x4 = FloatVector.fromArray(S, x, at);
            s0 = v.fma(x0, s0);
            s1 = v.fma(x1, s1);
            s2 = v.fma(x2, s2);
            s3 = v.fma(x3, s3);
            s4 = v.fma(x4, s4);
            x0 = x1;
            x1 = x2;
            x2 = x3;
            x3 = x4;
            at += xStep;
            from += gStep;
        }
        s0.intoArray(lanes, to);
        s1.intoArray(lanes, to + L);
        s2.intoArray(lanes, to + 2 * L);
        s3.intoArray(lanes, to + 3 * L);
        s4.intoArray(lanes, to + 4 * L);
    }

    /// Any five taps.
    private static void taps(
            float[] x,
            int x0,
            int x1,
            int x2,
            int x3,
            int x4,
            int xStep,
            float[] g,
            int go,
            int gStep,
            int rows,
            VectorMask<Float> some,
            float[] lanes,
            int to) {
        FloatVector s0 = FloatVector.fromArray(S, lanes, to);
        FloatVector s1 = FloatVector.fromArray(S, lanes, to + L);
        FloatVector s2 = FloatVector.fromArray(S, lanes, to + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, lanes, to + 3 * L);
        FloatVector s4 = FloatVector.fromArray(S, lanes, to + 4 * L);
        int at = 0;
        int from = go;
        for (int i = 0; i < rows; i++) {
            FloatVector v = FloatVector.fromArray(S, g, from, some);
            s0 = v.fma(FloatVector.fromArray(S, x, x0 + at), s0);
            s1 = v.fma(FloatVector.fromArray(S, x, x1 + at), s1);
            s2 = v.fma(FloatVector.fromArray(S, x, x2 + at), s2);
            s3 = v.fma(FloatVector.fromArray(S, x, x3 + at), s3);
            s4 = v.fma(FloatVector.fromArray(S, x, x4 + at), s4);
            at += xStep;
            from += gStep;
        }
        s0.intoArray(lanes, to);
        s1.intoArray(lanes, to + L);
        s2.intoArray(lanes, to + 2 * L);
        s3.intoArray(lanes, to + 3 * L);
        s4.intoArray(lanes, to + 4 * L);
    }

    /// Writes elements 0, 2, … of a row of `n` to `dst[even …]` and 1, 3, … to `dst[odd …]`. The last vectors overlap
    /// those before them.
    static void split(float[] src, int s, int n, float[] dst, int even, int odd) {
        int pairs = n / 2;
        if (pairs < L && MASKS) {
            IntVector a = FloatVector.fromArray(S, src, s, S.indexInRange(0, n)).reinterpretAsInts();
            IntVector b =
                    FloatVector.fromArray(S, src, s + L, S.indexInRange(L, n)).reinterpretAsInts();
            FloatVector first = EVEN.selectFrom(a, b).reinterpretAsFloats();
            first.intoArray(dst, even, S.indexInRange(0, n - pairs));
            FloatVector second = ODD.selectFrom(a, b).reinterpretAsFloats();
            second.intoArray(dst, odd, S.indexInRange(0, pairs));
            return;
        }
        if (pairs < L) {
            for (int i = 0; i < pairs; i++) {
                dst[even + i] = src[s + 2 * i];
                dst[odd + i] = src[s + 2 * i + 1];
            }
        } else {
            for (int i = 0; i < pairs; i += L) {
                int at = Math.min(i, pairs - L);
                IntVector a = FloatVector.fromArray(S, src, s + 2 * at).reinterpretAsInts();
                IntVector b = FloatVector.fromArray(S, src, s + 2 * at + L).reinterpretAsInts();
                EVEN.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, even + at);
                ODD.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, odd + at);
            }
        }
        if ((n & 1) == 1) {
            dst[even + pairs] = src[s + n - 1];
        }
    }

    /// The inverse: a row of `n` from the elements of its even columns and those of its odd ones.
    static void join(float[] src, int even, int odd, float[] dst, int d, int n) {
        if (n < 2 * L && MASKS) {
            IntVector a = FloatVector.fromArray(S, src, even).reinterpretAsInts();
            IntVector b = FloatVector.fromArray(S, src, odd).reinterpretAsInts();
            LOW.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, d, S.indexInRange(0, n));
            HIGH.selectFrom(a, b).reinterpretAsFloats().intoArray(dst, d + L, S.indexInRange(L, n));
            return;
        }
        EverySecond.merge(src, even, src, odd, n / 2, dst, d);
        if ((n & 1) == 1) {
            dst[d + n - 1] = src[even + n / 2];
        }
    }
}
