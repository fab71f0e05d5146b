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
        Parallel.forRange(n, Math.max(1, TASK_WORK / k), (from, to) -> {
            for (int j = from; j < to; j++) {
                int column = bo + j * bcs;
                y[yo + j] += brs == 1
                        ? RowSums.dot(left, leftOff, b, column, k)
                        : RowSums.dotStrided(left, leftOff, b, column, brs, k);
            }
        });
    }
}
