package dev.retort.tensor.cpu.simd.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sums of narrow weights against double loops, over lengths and counts that fill no block.
class NarrowDotTest {
    private static final int AT = 3;

    private final Random random = new Random(5);

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 15", "3, 64", "4, 65", "5, 200", "9, 128", "13, 331", "70, 96"})
    void bytesAreSummed(int runs, int n) {
        float[] x = floats(2 * n);
        byte[] w = new byte[AT + runs * n];
        random.nextBytes(w);
        w[AT] = -128;
        w[w.length - 1] = 127;
        float[] turned = NarrowDot.turned(2, n, x, 0, 4);
        float[] y = new float[2 * runs];
        NarrowDot.bytes(runs, n, turned, 0, w, AT, y, 0);
        NarrowDot.bytes(runs, n, turned, n, w, AT, y, runs);
        for (int j = 0; j < 2 * runs; j++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += (double) x[j / runs * n + i] * w[AT + j % runs * n + i];
            }
            assertThat((double) y[j]).isCloseTo(sum, within(1e-5 * 128 * n));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 15", "3, 32", "4, 65", "5, 200", "9, 128", "13, 331", "70, 96"})
    void halvesAreSummed(int runs, int n) {
        float[] x = floats(2 * n);
        short[] w = new short[AT + runs * n];
        for (int i = 0; i < w.length; i++) {
            w[i] = (short) (Float.floatToRawIntBits(random.nextFloat() - 0.5f) >>> 16);
        }
        float[] turned = NarrowDot.turned(2, n, x, 0, 2);
        float[] y = new float[2 * runs];
        NarrowDot.halves(runs, n, turned, 0, w, AT, y, 0);
        NarrowDot.halves(runs, n, turned, n, w, AT, y, runs);
        for (int j = 0; j < 2 * runs; j++) {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += (double) x[j / runs * n + i] * Float.intBitsToFloat(w[AT + j % runs * n + i] << 16);
            }
            assertThat((double) y[j]).isCloseTo(sum, within(1e-6 * n));
        }
    }

    private float[] floats(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat() - 0.5f;
        }
        return x;
    }
}
