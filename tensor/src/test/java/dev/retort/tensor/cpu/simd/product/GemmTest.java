package dev.retort.tensor.cpu.simd.product;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.cpu.Parallel;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Products against double loops, over shapes that hit every edge of the panels, and any layout of the
/// operands.
class GemmTest {
    private final Random random = new Random(7);

    /// A matrix somewhere in an array, row-major or transposed.
    private record Matrix(float[] data, int offset, int rows, int columns, int rowStride, int columnStride) {
        double at(int i, int j) {
            return data[offset + i * rowStride + j * columnStride];
        }
    }

    private Matrix matrix(int rows, int columns, boolean transposed, int gap) {
        int major = transposed ? rows + gap : columns + gap;
        float[] data = floats(5 + major * (transposed ? columns : rows));
        return new Matrix(data, 5, rows, columns, transposed ? 1 : major, transposed ? major : 1);
    }

    private float[] floats(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        return x;
    }

    private static void assertProduct(Matrix a, Matrix b, float[] c, int co, int ldc, double[] start) {
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < b.columns(); j++) {
                double exact = start[i * b.columns() + j];
                double size = Math.abs(exact);
                for (int p = 0; p < a.columns(); p++) {
                    exact += a.at(i, p) * b.at(p, j);
                    size += Math.abs(a.at(i, p) * b.at(p, j));
                }
                double bound = (a.columns() + 2) * 0x1.0p-24 * size;
                assertThat(Math.abs(c[co + i * ldc + j] - exact)).isLessThanOrEqualTo(bound);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "1, 7, 5",
        "7, 1, 5",
        "1, 300, 200",
        "1, 101, 29",
        "1, 5000, 70",
        "300, 1, 200",
        "1003, 1, 131",
        "3, 5, 2",
        "2, 33, 100",
        "2, 1023, 300",
        "5, 301, 130",
        "16, 3, 70",
        "8, 32, 16",
        "9, 33, 17",
        "64, 64, 64",
        "65, 31, 300",
        "130, 257, 70",
        "70, 165, 1100",
        "72, 1056, 40",
        "2045, 130, 8",
        "31, 2100, 9",
        "2055, 40, 11",
        "64, 64, 300",
        "250, 150, 410",
        "100, 1100, 520",
        "2080, 140, 130"
    })
    void everyLayoutGivesTheProduct(int m, int n, int k) {
        for (int layout = 0; layout < 4; layout++) {
            Matrix a = matrix(m, k, (layout & 1) != 0, layout);
            Matrix b = matrix(k, n, (layout & 2) != 0, 1);
            int ldc = n + 3;
            float[] c = floats(2 + m * ldc);
            double[] start = new double[m * n];
            float[] untouched = c.clone();
            for (int i = 0; i < m * n; i++) {
                start[i] = c[2 + i / n * ldc + i % n];
            }
            Gemm.accumulate(
                    m,
                    n,
                    k,
                    a.data(),
                    a.offset(),
                    a.rowStride(),
                    a.columnStride(),
                    b.data(),
                    b.offset(),
                    b.rowStride(),
                    b.columnStride(),
                    c,
                    2,
                    ldc);
            assertProduct(a, b, c, 2, ldc, start);
            for (int i = 0; i < m; i++) {
                assertThat(c[2 + i * ldc + n]).isEqualTo(untouched[2 + i * ldc + n]);
            }
        }
    }

    @Test
    void biasIsAddedByRowOrByColumn() {
        Matrix a = matrix(13, 20, false, 0);
        Matrix b = matrix(20, 37, true, 0);
        float[] bias = floats(50);
        for (boolean perRow : new boolean[] {false, true}) {
            float[] c = floats(13 * 37);
            Gemm.multiply(
                    13,
                    37,
                    20,
                    a.data(),
                    a.offset(),
                    a.rowStride(),
                    a.columnStride(),
                    b.data(),
                    b.offset(),
                    b.rowStride(),
                    b.columnStride(),
                    c,
                    0,
                    37,
                    bias,
                    3,
                    perRow);
            double[] start = new double[13 * 37];
            for (int i = 0; i < start.length; i++) {
                start[i] = bias[3 + (perRow ? i / 37 : i % 37)];
            }
            assertProduct(a, b, c, 0, 37, start);
        }
    }

    @Test
    void anEmptySumLeavesTheBias() {
        float[] c = {9, 9};
        Gemm.multiply(1, 2, 0, new float[0], 0, 0, 1, new float[0], 0, 2, 1, c, 0, 2, new float[] {3, 4}, 0, false);
        assertThat(c).containsExactly(3, 4);
    }

    @Test
    void batchesReadTheirOffsets() {
        float[] a = floats(3 * 6 * 4);
        float[] b = floats(4 * 5);
        float[] c = new float[3 * 6 * 5];
        Gemm.multiplyBatch(6, 5, 4, a, new int[] {48, 0, 24}, 4, 1, b, new int[3], 5, 1, c, 0, 30, 5);
        int[] from = {48, 0, 24};
        for (int i = 0; i < 3; i++) {
            assertProduct(
                    new Matrix(a, from[i], 6, 4, 4, 1), new Matrix(b, 0, 4, 5, 5, 1), c, i * 30, 5, new double[30]);
        }
    }

    /// More columns than one phase and more depth than one block: only the first block may start from the bias.
    @Test
    void whatTheResultHeldDoesNotMatterAndSumsStartFromTheBias() {
        int m = 9;
        int n = 2083;
        int k = 801;
        float[] a = floats(m * k);
        float[] b = floats(k * n);
        float[] bias = floats(n + 5);
        float[] wanted = new float[m * n];
        for (int i = 0; i < m; i++) {
            System.arraycopy(bias, 5, wanted, i * n, n);
        }
        Gemm.accumulate(m, n, k, a, 0, k, 1, b, 0, n, 1, wanted, 0, n);
        float[] c = new float[m * n];
        java.util.Arrays.fill(c, Float.NaN);
        Gemm.multiply(m, n, k, a, 0, k, 1, b, 0, n, 1, c, 0, n, bias, 5, false);
        assertThat(c).isEqualTo(wanted);
        float[] plain = new float[m * n];
        Gemm.accumulate(m, n, k, a, 0, k, 1, b, 0, n, 1, plain, 0, n);
        java.util.Arrays.fill(c, Float.NaN);
        Gemm.multiply(m, n, k, a, 0, k, 1, b, 0, n, 1, c, 0, n);
        assertThat(c).isEqualTo(plain);
    }

    /// Few, some and many rows, in place or packed, with several depth blocks and depth phases.
    @ParameterizedTest
    @CsvSource({
        "17, 100, 49",
        "40, 256, 128",
        "100, 90, 63",
        "70, 90, 700",
        "193, 65, 300",
        "20, 800, 1100",
        "200, 34, 1100",
        "9, 2100, 31",
        "47, 241, 33",
        "211, 191, 140",
        "205, 113, 600",
        "198, 2100, 40"
    })
    void bitsAreThoseOfOneChainInAscendingOrder(int m, int n, int k) {
        int threads = Parallel.threads();
        Parallel.setThreads(3);
        try {
            for (int layout = 0; layout < 4; layout++) {
                Matrix a = matrix(m, k, (layout & 1) != 0, 2);
                Matrix b = matrix(k, n, (layout & 2) != 0, 1);
                if (m > FewRows.LIMIT || layout != 2) {
                    assertThat(product(a, b)).isEqualTo(chains(a, b));
                }
            }
        } finally {
            Parallel.setThreads(threads);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10, 256, 256",
        "13, 301, 257",
        "16, 800, 300",
        "17, 290, 1100",
        "32, 257, 270",
        "33, 300, 600",
        "64, 331, 700",
        "100, 259, 300",
        "128, 256, 310"
    })
    void someRowsTimesAWeightStartFromTheBias(int m, int n, int k) {
        int threads = Parallel.threads();
        Parallel.setThreads(3);
        try {
            for (int layout = 0; layout < 2; layout++) {
                Matrix a = matrix(m, k, layout == 1, layout);
                Matrix b = matrix(k, n, true, 1);
                float[] bias = floats(n + 3);
                float[] c = floats(2 + m * (n + 1));
                float[] before = c.clone();
                multiply(a, b, c, 2, n + 1, bias, 3);
                double[] start = new double[m * n];
                for (int e = 0; e < start.length; e++) {
                    start[e] = bias[3 + e % n];
                }
                assertProduct(a, b, c, 2, n + 1, start);
                for (int i = 0; i < m; i++) {
                    assertThat(c[2 + i * (n + 1) + n]).isEqualTo(before[2 + i * (n + 1) + n]);
                }
                if (WeightRowsProduct.covers(m, n, k)) {
                    float[] zeros = new float[m * n];
                    multiply(a, b, zeros, 0, n, null, 0);
                    assertThat(zeros).isEqualTo(chains(a, b));
                }
            }
        } finally {
            Parallel.setThreads(threads);
        }
    }

    private static void multiply(Matrix a, Matrix b, float[] c, int co, int ldc, float @Nullable [] bias, int biasOff) {
        Gemm.multiply(
                a.rows(),
                b.columns(),
                a.columns(),
                a.data(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                b.data(),
                b.offset(),
                b.rowStride(),
                b.columnStride(),
                c,
                co,
                ldc,
                bias,
                biasOff,
                false);
    }

    private static float[] product(Matrix a, Matrix b) {
        int n = b.columns();
        float[] c = new float[a.rows() * n];
        Gemm.accumulate(
                a.rows(),
                n,
                b.rows(),
                a.data(),
                a.offset(),
                a.rowStride(),
                a.columnStride(),
                b.data(),
                b.offset(),
                b.rowStride(),
                b.columnStride(),
                c,
                0,
                n);
        return c;
    }

    private static float[] chains(Matrix a, Matrix b) {
        float[] c = new float[a.rows() * b.columns()];
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < b.columns(); j++) {
                float chain = 0f;
                for (int p = 0; p < b.rows(); p++) {
                    chain = Math.fma((float) a.at(i, p), (float) b.at(p, j), chain);
                }
                c[i * b.columns() + j] = chain;
            }
        }
        return c;
    }
}
