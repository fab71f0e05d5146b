package dev.retort.tensor.cpu.simd.loops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Gradients of one normalised row of every length class, against double loops.
class RowNormsTest {
    private static float[] floats(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 65, 200, 1001})
    void layerGradientsAgreeWithDoubleLoops(int n) {
        float[] x = floats(n + 1, 1);
        float[] g = floats(n + 2, 2);
        float[] w = floats(n + 3, 3);
        float[] dw = floats(n + 4, 4);
        float[] db = floats(n + 5, 5);
        float[] dx = floats(n + 7, 6);
        float mean = 0.25f;
        float rstd = 0.75f;
        double sum = 0;
        double dot = 0;
        double[] weight = new double[n];
        double[] bias = new double[n];
        for (int i = 0; i < n; i++) {
            double u = ((double) x[1 + i] - mean) * rstd;
            double h = (double) g[2 + i] * w[3 + i];
            sum += h;
            dot += h * u;
            weight[i] = dw[4 + i] + g[2 + i] * u;
            bias[i] = (double) db[5 + i] + g[2 + i];
        }
        float before = dx[5];
        float after = dx[6 + n];
        RowNorms.backward(true, mean, rstd, w, 3, g, 2, x, 1, dx, 6, dw, 4, db, 5, n);
        for (int i = 0; i < n; i++) {
            double u = ((double) x[1 + i] - mean) * rstd;
            double wanted = rstd * ((double) g[2 + i] * w[3 + i] - sum / n - u * dot / n);
            assertThat((double) dx[6 + i]).isCloseTo(wanted, within(1e-5));
            assertThat((double) dw[4 + i]).isCloseTo(weight[i], within(3e-6));
            assertThat((double) db[5 + i]).isCloseTo(bias[i], within(1e-6));
        }
        assertThat(dx[5]).isEqualTo(before);
        assertThat(dx[6 + n]).isEqualTo(after);
    }
}
