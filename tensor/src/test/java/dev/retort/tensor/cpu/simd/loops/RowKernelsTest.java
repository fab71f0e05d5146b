package dev.retort.tensor.cpu.simd.loops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sums, dot products, extremes and softmax of rows of every length class.
class RowKernelsTest {
    private static float[] floats(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 15, 16, 17, 63, 64, 65, 200, 1000, 4097})
    void sumsAndExtremesAgreeWithDoubleLoops(int n) {
        float[] x = floats(n + 2, n);
        float[] y = floats(n + 5, n + 1);
        double sum = 0;
        double dot = 0;
        double squares = 0;
        double size = 0;
        float max = Float.NEGATIVE_INFINITY;
        float min = Float.POSITIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            float v = x[2 + i];
            sum += v;
            dot += (double) v * y[5 + i];
            squares += (v - 0.5) * (v - 0.5);
            size += Math.abs(v) + Math.abs(v * y[5 + i]) + (v - 0.5) * (v - 0.5);
            max = Math.max(max, v);
            min = Math.min(min, v);
        }
        double bound = size * (n / 8 + 8) * 0x1.0p-24;
        assertThat((double) RowSums.sum(x, 2, n)).isCloseTo(sum, within(bound));
        assertThat((double) RowSums.dot(x, 2, y, 5, n)).isCloseTo(dot, within(bound));
        assertThat((double) RowSums.sumSquares(x, 2, n, 0.5f)).isCloseTo(squares, within(bound));
        assertThat(RowSums.max(x, 2, n)).isEqualTo(max);
        assertThat(RowSums.min(x, 2, n)).isEqualTo(min);
        x[2 + n / 2] = Float.NaN;
        assertThat(RowSums.max(x, 2, n)).isNaN();
        assertThat(RowSums.min(x, 2, n)).isNaN();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 10, 16, 100, 1000})
    void softmaxSumsToOneAndItsLogarithmAgrees(int n) {
        float[] x = floats(n, 3);
        float[] p = new float[n];
        float[] l = new float[n];
        SoftmaxRows.softmax(x, 0, p, 0, n);
        SoftmaxRows.logSoftmax(x, 0, l, 0, n);
        float lse = SoftmaxRows.logSumExp(x, 0, n);
        double total = 0;
        for (int i = 0; i < n; i++) {
            total += p[i];
            assertThat((double) l[i]).isCloseTo(Math.log(p[i]), within(2e-6 * (1 + Math.abs(l[i]))));
            assertThat((double) x[i] - lse).isCloseTo(l[i], within(2e-6));
        }
        assertThat(total).isCloseTo(1, within(1e-5));
    }

    @Test
    void softmaxIsShiftInvariantAndNeverOverflows() {
        float[] p = new float[3];
        SoftmaxRows.softmax(new float[] {1000, 1000, -1000}, 0, p, 0, 3);
        assertThat(p).containsExactly(0.5f, 0.5f, 0f);
        assertThat(SoftmaxRows.logSumExp(new float[] {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}, 0, 2))
                .isEqualTo(Float.NEGATIVE_INFINITY);
    }
}
