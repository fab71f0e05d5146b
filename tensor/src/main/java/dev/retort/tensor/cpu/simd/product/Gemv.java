package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Vector times matrix: `y[j] += sum over p of x[p] * B[p, j]`, for any strides.
public final class Gemv {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 17;

    /// Columns of a task: y and as much of eight rows stay in the first-level cache.
    private static final int MOST_COLUMNS = 4096;

    private Gemv() {}

    /// Adds `x B` to y; element p of x is `x[xo + p * xs]`, element j of y is `y[yo + j * ys]`.
    public static void addVectorMatrix(
            int n, int k, float[] x, int xo, int xs, float[] b, int bo, int brs, int bcs, float[] y, int yo, int ys) {
        if (ys != 1) {
            float[] t = Scratch.floats(Scratch.GEMV_Y, n);
            for (int j = 0; j < n; j++) {
                t[j] = y[yo + j * ys];
            }
            addVectorMatrix(n, k, x, xo, xs, b, bo, brs, bcs, t, 0, 1);
            for (int j = 0; j < n; j++) {
                y[yo + j * ys] = t[j];
            }
        } else if (bcs == 1 && n > 1) {
            rows(n, k, x, xo, xs, b, bo, brs, y, yo);
        } else {
            columns(n, k, x, xo, xs, b, bo, brs, bcs, y, yo);
        }
    }

    /// Rows of B are contiguous: eight of them at a time are read front to back, as memory likes it,
    /// while y stays in the first-level cache; one chain per element as in [GemmKernel].
    private static void rows(int n, int k, float[] x, int xo, int xs, float[] b, int bo, int brs, float[] y, int yo) {
        int least = Math.max(4 * L, TASK_WORK / k / (4 * L) * (4 * L));
        int share = ((n - 1) / Parallel.threads() + 4 * L) / (4 * L) * (4 * L);
        Parallel.forRange(n, Math.max(least, Math.min(share, MOST_COLUMNS)), (from, to) -> {
            int whole = (to - from) / L * L;
            int p = 0;
            for (; p <= k - 8; p += 8) {
                eightRows(whole, x, xo + p * xs, xs, b, bo + p * brs + from, brs, y, yo + from);
            }
            for (; p < k; p++) {
                oneRow(whole, x[xo + p * xs], b, bo + p * brs + from, y, yo + from);
            }
            for (int j = from + whole; j < to; j++) {
                float s = y[yo + j];
                for (p = 0; p < k; p++) {
                    s = Math.fma(x[xo + p * xs], b[bo + j + p * brs], s);
                }
                y[yo + j] = s;
            }
        });
    }

    private static void eightRows(int n, float[] x, int xo, int xs, float[] b, int bo, int brs, float[] y, int yo) {
        FloatVector v0 = FloatVector.broadcast(S, x[xo]);
        FloatVector v1 = FloatVector.broadcast(S, x[xo + xs]);
        FloatVector v2 = FloatVector.broadcast(S, x[xo + 2 * xs]);
        FloatVector v3 = FloatVector.broadcast(S, x[xo + 3 * xs]);
        FloatVector v4 = FloatVector.broadcast(S, x[xo + 4 * xs]);
        FloatVector v5 = FloatVector.broadcast(S, x[xo + 5 * xs]);
        FloatVector v6 = FloatVector.broadcast(S, x[xo + 6 * xs]);
        FloatVector v7 = FloatVector.broadcast(S, x[xo + 7 * xs]);
        int end = bo + n;
        for (int i = bo, j = yo; i < end; i += L, j += L) {
            int t = i;
            FloatVector s = v0.fma(FloatVector.fromArray(S, b, t), FloatVector.fromArray(S, y, j));
            t += brs;
            s = v1.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v2.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v3.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v4.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v5.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v6.fma(FloatVector.fromArray(S, b, t), s);
            t += brs;
            s = v7.fma(FloatVector.fromArray(S, b, t), s);
            s.intoArray(y, j);
        }
    }

    private static void oneRow(int n, float x, float[] b, int bo, float[] y, int yo) {
        FloatVector v = FloatVector.broadcast(S, x);
        for (int j = 0; j < n; j += L) {
            v.fma(FloatVector.fromArray(S, b, bo + j), FloatVector.fromArray(S, y, yo + j))
                    .intoArray(y, yo + j);
        }
    }

    /// Columns of B are contiguous (or strided, then gathered first): one dot product per column.
    private static void columns(
            int n, int k, float[] x, int xo, int xs, float[] b, int bo, int brs, int bcs, float[] y, int yo) {
        float[] v = x;
        int vo = xo;
        if (xs != 1) {
            v = Scratch.floats(Scratch.GEMV_X, k);
            vo = 0;
            for (int p = 0; p < k; p++) {
                v[p] = x[xo + p * xs];
            }
        }
        float[] left = v;
        int leftOff = vo;
        int grain = Math.max(4, TASK_WORK / k / 4 * 4);
        Parallel.forRange(n, grain, (from, to) -> {
            if (brs == 1) {
                contiguous(from, to, k, left, leftOff, b, bo, bcs, y, yo);
            } else {
                for (int j = from; j < to; j++) {
                    y[yo + j] += RowSums.dotStrided(left, leftOff, b, bo + j * bcs, brs, k);
                }
            }
        });
    }

    /// Columns [from, to), from four places at once: each is then read front to back for long, which the memory's
    /// prefetching follows better than four neighbours.
    private static void contiguous(
            int from, int to, int k, float[] x, int xo, float[] b, int bo, int bcs, float[] y, int yo) {
        float[] sums = Scratch.floats(Scratch.GEMM_TILE, 4 * L);
        int quarter = (to - from) / 4;
        for (int j = from; j < from + quarter; j++) {
            int at = bo + j * bcs;
            int far = quarter * bcs;
            fourDots(k, x, xo, b, at, at + far, at + 2 * far, at + 3 * far, sums);
            for (int i = 0; i < 4; i++) {
                y[yo + j + i * quarter] += finish(sums, i, k, x, xo, b, at + i * far);
            }
        }
        int rest = from + 4 * quarter;
        if (rest < to) {
            // Columns beyond the end repeat the last one; their sums are dropped.
            int last = bo + (to - 1) * bcs;
            int first = bo + rest * bcs;
            fourDots(k, x, xo, b, first, Math.min(first + bcs, last), last, last, sums);
            for (int j = rest; j < to; j++) {
                y[yo + j] += finish(sums, j == to - 1 ? 3 : j - rest, k, x, xo, b, bo + j * bcs);
            }
        }
    }

    /// Dot products of x with four columns at once, which keeps more of the memory's lines on their way: two vectors of
    /// partial sums each, whose sum is stored; then the lanes ([Lanes#sum]) and the tail, an order fixed by k.
    private static void fourDots(int k, float[] x, int xo, float[] b, int b0, int b1, int b2, int b3, float[] sums) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        for (int p = 0; p <= k - 2 * L; p += 2 * L) {
            FloatVector u = FloatVector.fromArray(S, x, xo + p);
            s00 = u.fma(FloatVector.fromArray(S, b, b0 + p), s00);
            s10 = u.fma(FloatVector.fromArray(S, b, b1 + p), s10);
            s20 = u.fma(FloatVector.fromArray(S, b, b2 + p), s20);
            s30 = u.fma(FloatVector.fromArray(S, b, b3 + p), s30);
            FloatVector v = FloatVector.fromArray(S, x, xo + p + L);
            s01 = v.fma(FloatVector.fromArray(S, b, b0 + p + L), s01);
            s11 = v.fma(FloatVector.fromArray(S, b, b1 + p + L), s11);
            s21 = v.fma(FloatVector.fromArray(S, b, b2 + p + L), s21);
            s31 = v.fma(FloatVector.fromArray(S, b, b3 + p + L), s31);
        }
        s00.add(s01).intoArray(sums, 0);
        s10.add(s11).intoArray(sums, L);
        s20.add(s21).intoArray(sums, 2 * L);
        s30.add(s31).intoArray(sums, 3 * L);
    }

    /// Dot product i of [#fourDots].
    private static float finish(float[] sums, int i, int k, float[] x, int xo, float[] b, int bo) {
        return FewRows.tail(k / (2 * L) * (2 * L), k, x, xo, b, bo, Lanes.sum(sums, i * L));
    }
}
