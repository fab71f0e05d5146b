package dev.retort.tensor.cpu.simd.product;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// `C += A B` for few rows of A, where rows of A and columns of B are contiguous: a linear layer on a few
/// inputs.
///
/// Packing B costs more than such a product, so B is read once as it lies: four rows by two columns of
/// dot products, one vector of partial sums each, then [Lanes#sum] and the tail. The order of a sum
/// depends on k only.
final class FewRows {
    /// Rows of A up to which packing B does not pay.
    static final int LIMIT = 16;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int ROWS = 4;
    private static final int COLUMNS = 2;
    /// Columns of a tile of two rows.
    private static final int FAR = 4;
    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 18;

    private FewRows() {}

    /// Row i of A starts at `a[ao + i * ars]`, column j of B at `b[bo + j * bcs]`.
    static void add(
            int m, int n, int k, float[] a, int ao, int ars, float[] b, int bo, int bcs, float[] c, int co, int ldc) {
        int grain = Math.max(FAR, TASK_WORK / (m * k) / FAR * FAR);
        Parallel.forRange(n, grain, (from, to) -> {
            int j = from;
            if (m <= 2) {
                int far = (to - from) / FAR;
                for (; j < from + far; j++) {
                    twoRows(m, k, a, ao, ars, b, bo + j * bcs, far * bcs, c, co + j, ldc, far);
                }
                j = from + FAR * far;
            }
            for (; j < to; j += COLUMNS) {
                rows(m, k, a, ao, ars, b, bo + j * bcs, bcs, c, co + j, ldc, Math.min(COLUMNS, to - j));
            }
        });
    }

    /// All rows with one or two columns, from `b[bo]` on.
    private static void rows(
            int m,
            int k,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int bcs,
            float[] c,
            int co,
            int ldc,
            int columns) {
        float[] sums = Scratch.floats(Scratch.GEMM_TILE, ROWS * COLUMNS * L);
        for (int i = 0; i < m; i += ROWS) {
            int rows = Math.min(ROWS, m - i);
            // Rows and columns beyond the end repeat the last one; their sums are dropped.
            int a0 = ao + i * ars;
            int a1 = a0 + Math.min(1, rows - 1) * ars;
            int a2 = a0 + Math.min(2, rows - 1) * ars;
            tile(k, a, a0, a1, a2, a0 + (rows - 1) * ars, b, bo, bo + (columns - 1) * bcs, sums);
            for (int r = 0; r < rows; r++) {
                for (int s = 0; s < columns; s++) {
                    float dot = finish(sums, (r * COLUMNS + s) * L, k, a, a0 + r * ars, b, bo + s * bcs);
                    c[co + (i + r) * ldc + s] += dot;
                }
            }
        }
    }

    /// One or two rows with four columns that are `far` apart, `step` floats in B: four places are read front to back
    /// ([Gemv] does the same).
    private static void twoRows(
            int m,
            int k,
            float[] a,
            int ao,
            int ars,
            float[] b,
            int bo,
            int step,
            float[] c,
            int co,
            int ldc,
            int far) {
        float[] sums = Scratch.floats(Scratch.GEMM_TILE, ROWS * COLUMNS * L);
        four(k, a, ao, ao + (m - 1) * ars, b, bo, step, sums);
        for (int r = 0; r < m; r++) {
            for (int s = 0; s < FAR; s++) {
                c[co + r * ldc + s * far] += finish(sums, (r * FAR + s) * L, k, a, ao + r * ars, b, bo + s * step);
            }
        }
    }

    // Vectors of partial sums are stored, and their lanes summed elsewhere.

    private static void four(int k, float[] a, int a0, int a1, float[] b, int b0, int step, float[] sums) {
        int b1 = b0 + step;
        int b2 = b1 + step;
        int b3 = b2 + step;
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s02 = s00;
        FloatVector s03 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s12 = s00;
        FloatVector s13 = s00;
        for (int p = 0; p <= k - L; p += L) {
            FloatVector x0 = FloatVector.fromArray(S, a, a0 + p);
            FloatVector x1 = FloatVector.fromArray(S, a, a1 + p);
            FloatVector u0 = FloatVector.fromArray(S, b, b0 + p);
            s00 = x0.fma(u0, s00);
            s10 = x1.fma(u0, s10);
            FloatVector u1 = FloatVector.fromArray(S, b, b1 + p);
            s01 = x0.fma(u1, s01);
            s11 = x1.fma(u1, s11);
            FloatVector u2 = FloatVector.fromArray(S, b, b2 + p);
            s02 = x0.fma(u2, s02);
            s12 = x1.fma(u2, s12);
            FloatVector u3 = FloatVector.fromArray(S, b, b3 + p);
            s03 = x0.fma(u3, s03);
            s13 = x1.fma(u3, s13);
        }
        s00.intoArray(sums, 0);
        s01.intoArray(sums, L);
        s02.intoArray(sums, 2 * L);
        s03.intoArray(sums, 3 * L);
        s10.intoArray(sums, 4 * L);
        s11.intoArray(sums, 5 * L);
        s12.intoArray(sums, 6 * L);
        s13.intoArray(sums, 7 * L);
    }

    private static void tile(
            int k, float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int b1, float[] sums) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        for (int p = 0; p <= k - L; p += L) {
            FloatVector u = FloatVector.fromArray(S, b, b0 + p);
            FloatVector v = FloatVector.fromArray(S, b, b1 + p);
            FloatVector x0 = FloatVector.fromArray(S, a, a0 + p);
            s00 = x0.fma(u, s00);
            s01 = x0.fma(v, s01);
            FloatVector x1 = FloatVector.fromArray(S, a, a1 + p);
            s10 = x1.fma(u, s10);
            s11 = x1.fma(v, s11);
            FloatVector x2 = FloatVector.fromArray(S, a, a2 + p);
            s20 = x2.fma(u, s20);
            s21 = x2.fma(v, s21);
            FloatVector x3 = FloatVector.fromArray(S, a, a3 + p);
            s30 = x3.fma(u, s30);
            s31 = x3.fma(v, s31);
        }
        s00.intoArray(sums, 0);
        s01.intoArray(sums, L);
        s10.intoArray(sums, 2 * L);
        s11.intoArray(sums, 3 * L);
        s20.intoArray(sums, 4 * L);
        s21.intoArray(sums, 5 * L);
        s30.intoArray(sums, 6 * L);
        s31.intoArray(sums, 7 * L);
    }

    /// A dot product whose whole vectors are summed in the vector at `sums[at]`.
    private static float finish(float[] sums, int at, int k, float[] a, int ao, float[] b, int bo) {
        return tail(k / L * L, k, a, ao, b, bo, Lanes.sum(sums, at));
    }

    /// The products from `from` on, added to `sum` one by one.
    static float tail(int from, int k, float[] a, int ao, float[] b, int bo, float sum) {
        float s = sum;
        for (int p = from; p < k; p++) {
            s = Math.fma(a[ao + p], b[bo + p], s);
        }
        return s;
    }
}
