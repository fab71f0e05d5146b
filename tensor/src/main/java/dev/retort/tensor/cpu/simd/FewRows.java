package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
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
    /// Multiply-adds in one parallel task.
    private static final int TASK_WORK = 1 << 18;

    private FewRows() {}

    /// Row i of A starts at `a[ao + i * ars]`, column j of B at `b[bo + j * bcs]`.
    static void add(
            int m, int n, int k, float[] a, int ao, int ars, float[] b, int bo, int bcs, float[] c, int co, int ldc) {
        int grain = Math.max(COLUMNS, TASK_WORK / (m * k) / COLUMNS * COLUMNS);
        Parallel.forRange(n, grain, (from, to) -> {
            float[] tile = Scratch.floats(Scratch.GEMM_TILE, ROWS * COLUMNS);
            for (int j = from; j < to; j += COLUMNS) {
                int b0 = bo + j * bcs;
                int columns = Math.min(COLUMNS, to - j);
                for (int i = 0; i < m; i += ROWS) {
                    int rows = Math.min(ROWS, m - i);
                    // Rows and columns beyond the end repeat the last one; their sums are dropped.
                    int a0 = ao + i * ars;
                    int a1 = a0 + Math.min(1, rows - 1) * ars;
                    int a2 = a0 + Math.min(2, rows - 1) * ars;
                    int a3 = a0 + (rows - 1) * ars;
                    tile(k, a, a0, a1, a2, a3, b, b0, b0 + (columns - 1) * bcs, tile);
                    for (int r = 0; r < rows; r++) {
                        for (int s = 0; s < columns; s++) {
                            c[co + (i + r) * ldc + j + s] += tile[r * COLUMNS + s];
                        }
                    }
                }
            }
        });
    }

    private static void tile(
            int k, float[] a, int a0, int a1, int a2, int a3, float[] b, int b0, int b1, float[] tile) {
        FloatVector s00 = FloatVector.zero(S);
        FloatVector s01 = s00;
        FloatVector s10 = s00;
        FloatVector s11 = s00;
        FloatVector s20 = s00;
        FloatVector s21 = s00;
        FloatVector s30 = s00;
        FloatVector s31 = s00;
        int p = 0;
        for (; p <= k - L; p += L) {
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
        tile[0] = tail(p, k, a, a0, b, b0, Lanes.sum(s00));
        tile[1] = tail(p, k, a, a0, b, b1, Lanes.sum(s01));
        tile[2] = tail(p, k, a, a1, b, b0, Lanes.sum(s10));
        tile[3] = tail(p, k, a, a1, b, b1, Lanes.sum(s11));
        tile[4] = tail(p, k, a, a2, b, b0, Lanes.sum(s20));
        tile[5] = tail(p, k, a, a2, b, b1, Lanes.sum(s21));
        tile[6] = tail(p, k, a, a3, b, b0, Lanes.sum(s30));
        tile[7] = tail(p, k, a, a3, b, b1, Lanes.sum(s31));
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
