package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Vector times matrix: `y[j] += sum over p of x[p] * B[p, j]`, for any strides.
final class Gemv {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 17;

    private Gemv() {}

    /// Adds `x B` to y; element p of x is `x[xo + p * xs]`, element j of y is `y[yo + j * ys]`.
    static void addVectorMatrix(
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

    /// Rows of B are contiguous: y stays in registers while p runs, one chain per element as in
    /// [GemmKernel].
    private static void rows(int n, int k, float[] x, int xo, int xs, float[] b, int bo, int brs, float[] y, int yo) {
        int grain = Math.max(4 * L, TASK_WORK / k / (4 * L) * (4 * L));
        Parallel.forRange(n, grain, (from, to) -> {
            int j = from;
            for (; j <= to - 4 * L; j += 4 * L) {
                fourVectors(k, x, xo, xs, b, bo + j, brs, y, yo + j);
            }
            for (; j <= to - L; j += L) {
                oneVector(k, x, xo, xs, b, bo + j, brs, y, yo + j);
            }
            for (; j < to; j++) {
                float s = y[yo + j];
                for (int p = 0; p < k; p++) {
                    s = Math.fma(x[xo + p * xs], b[bo + j + p * brs], s);
                }
                y[yo + j] = s;
            }
        });
    }

    private static void fourVectors(int k, float[] x, int xo, int xs, float[] b, int bo, int brs, float[] y, int yo) {
        FloatVector s0 = FloatVector.fromArray(S, y, yo);
        FloatVector s1 = FloatVector.fromArray(S, y, yo + L);
        FloatVector s2 = FloatVector.fromArray(S, y, yo + 2 * L);
        FloatVector s3 = FloatVector.fromArray(S, y, yo + 3 * L);
        int i = xo;
        int q = bo;
        for (int p = 0; p < k; p++, i += xs, q += brs) {
            FloatVector v = FloatVector.broadcast(S, x[i]);
            s0 = v.fma(FloatVector.fromArray(S, b, q), s0);
            s1 = v.fma(FloatVector.fromArray(S, b, q + L), s1);
            s2 = v.fma(FloatVector.fromArray(S, b, q + 2 * L), s2);
            s3 = v.fma(FloatVector.fromArray(S, b, q + 3 * L), s3);
        }
        s0.intoArray(y, yo);
        s1.intoArray(y, yo + L);
        s2.intoArray(y, yo + 2 * L);
        s3.intoArray(y, yo + 3 * L);
    }

    private static void oneVector(int k, float[] x, int xo, int xs, float[] b, int bo, int brs, float[] y, int yo) {
        FloatVector s = FloatVector.fromArray(S, y, yo);
        int i = xo;
        int q = bo;
        for (int p = 0; p < k; p++, i += xs, q += brs) {
            s = FloatVector.broadcast(S, x[i]).fma(FloatVector.fromArray(S, b, q), s);
        }
        s.intoArray(y, yo);
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
            float[] four = Scratch.floats(Scratch.GEMM_TILE, 4);
            for (int j = from; j < to; j += 4) {
                int count = Math.min(4, to - j);
                if (brs == 1) {
                    // Columns beyond the end repeat the last one; their sums are dropped.
                    int b0 = bo + j * bcs;
                    int b1 = b0 + Math.min(1, count - 1) * bcs;
                    int b2 = b0 + Math.min(2, count - 1) * bcs;
                    fourDots(k, left, leftOff, b, b0, b1, b2, b0 + (count - 1) * bcs, four);
                } else {
                    for (int i = 0; i < count; i++) {
                        four[i] = RowSums.dotStrided(left, leftOff, b, bo + (j + i) * bcs, brs, k);
                    }
                }
                for (int i = 0; i < count; i++) {
                    y[yo + j + i] += four[i];
                }
            }
        });
    }

    /// Dot products of x with four columns at once, which keeps more of the memory's lines on their way: two vectors of
    /// partial sums each, then their sum, the lanes ([Lanes#sum]) and the tail, an order fixed by k.
    private static void fourDots(int k, float[] x, int xo, float[] b, int b0, int b1, int b2, int b3, float[] four) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        int p = 0;
        for (; p <= k - 2 * L; p += 2 * L) {
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
        four[0] = FewRows.tail(p, k, x, xo, b, b0, Lanes.sum(s00.add(s01)));
        four[1] = FewRows.tail(p, k, x, xo, b, b1, Lanes.sum(s10.add(s11)));
        four[2] = FewRows.tail(p, k, x, xo, b, b2, Lanes.sum(s20.add(s21)));
        four[3] = FewRows.tail(p, k, x, xo, b, b3, Lanes.sum(s30.add(s31)));
    }
}
