package dev.retort.tensor.cpu.simd.winograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Stems by Winograd's algorithm against the definition in double.
class WinogradStridedTest {
    private final WinogradMode before = WinogradMode.current();
    private final int threads = Parallel.threads();

    @BeforeEach
    void needsShortVectors() {
        assumeTrue(Lanes.LENGTH >= 4 && Lanes.LENGTH <= 8, "skipped: not used with vectors of " + Lanes.LENGTH);
        WinogradMode.set(WinogradMode.F4);
    }

    @AfterEach
    void restore() {
        WinogradMode.set(before);
        Parallel.setThreads(threads);
    }

    private static ConvShape shape(
            int batch, int channels, int height, int width, int filters, int kernelH, int kernelW, int pad) {
        return new ConvShape(batch, channels, height, width, filters, kernelH, kernelW, 2, 2, pad, pad, 1, 1, 1);
    }

    static Stream<ConvShape> shapes() {
        return Stream.of(
                shape(2, 3, 32, 32, 16, 7, 7, 3),
                shape(1, 3, 41, 38, 64, 7, 7, 3),
                shape(3, 4, 38, 45, 21, 8, 8, 0),
                shape(2, 3, 39, 61, 40, 8, 7, 4),
                shape(5, 4, 40, 37, 17, 7, 8, 1),
                shape(1, 3, 38, 260, 17, 7, 7, 3));
    }

    /// Operands and results of one shape.
    private static final class Run {
        final ConvShape s;
        final float[] x;
        final float[] w;
        final float[] bias;
        final float[] dy;
        final float[] y;
        final float[] dw;

        Run(ConvShape s) {
            this.s = s;
            Random random = new Random(7);
            x = normal(s.batch() * s.channels() * s.height() * s.width(), random);
            w = normal(s.weights(), random);
            bias = normal(s.filters(), random);
            dy = normal(s.batch() * s.filters() * s.outHeight() * s.outWidth(), random);
            y = new float[dy.length];
            dw = new float[w.length];
        }

        private static float[] normal(int n, Random random) {
            float[] x = new float[n];
            for (int i = 0; i < n; i++) {
                x[i] = (float) random.nextGaussian();
            }
            return x;
        }

        Run compute() {
            Conv2d.forward(s, x, 0, w, 0, bias, 0, y, 0);
            Conv2d.weightGradient(s, dy, 0, x, 0, dw, 0);
            return this;
        }

        /// Output and weight gradient in double.
        double[][] exact() {
            double[] sums = new double[y.length];
            double[] gradient = new double[dw.length];
            int weights = s.channels() * s.taps();
            int size = s.outHeight() * s.outWidth();
            for (int at = 0; at < y.length; at++) {
                int n = at / size / s.filters();
                int f = at / size % s.filters();
                sums[at] = bias[f];
                for (int k = 0; k < weights; k++) {
                    int t = k % s.taps();
                    int row = at % size / s.outWidth() * 2 + t / s.kernelW() - s.padH();
                    int column = at % s.outWidth() * 2 + t % s.kernelW() - s.padW();
                    if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
                        continue;
                    }
                    int from = ((n * s.channels() + k / s.taps()) * s.height() + row) * s.width() + column;
                    sums[at] += (double) x[from] * w[f * weights + k];
                    gradient[f * weights + k] += (double) dy[at] * x[from];
                }
            }
            return new double[][] {sums, gradient};
        }
    }

    /// Largest error in units of the root mean square.
    private static double error(float[] actual, double[] exact) {
        double worst = 0;
        double squares = 0;
        for (int i = 0; i < exact.length; i++) {
            worst = Math.max(worst, Math.abs(actual[i] - exact[i]));
            squares += exact[i] * exact[i];
        }
        return worst / Math.sqrt(squares / exact.length);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void outputAndWeightGradientAgreeWithTheDefinition(ConvShape s) {
        assertThat(WinogradStrided.suits(s)).isTrue();
        Run r = new Run(s).compute();
        double[][] exact = r.exact();
        assertThat(error(r.y, exact[0])).isLessThan(3e-5);
        assertThat(error(r.dw, exact[1])).isLessThan(3e-5);
    }

    /// Operands need not start their arrays, and stems of networks have no bias.
    @Test
    void offsetsAndAMissingBiasCount() {
        Run r = new Run(shape(2, 3, 32, 32, 16, 7, 7, 3)).compute();
        float[] shifted = new float[r.y.length + 5];
        Conv2d.forward(r.s, after(3, r.x), 3, after(4, r.w), 4, after(2, r.bias), 2, shifted, 5);
        assertThat(Arrays.copyOfRange(shifted, 5, shifted.length)).isEqualTo(r.y);
        float[] plain = new float[r.y.length];
        Conv2d.forward(r.s, r.x, 0, r.w, 0, null, 0, plain, 0);
        double[] exact = r.exact()[0];
        int size = r.s.outHeight() * r.s.outWidth();
        for (int i = 0; i < exact.length; i++) {
            exact[i] -= r.bias[i / size % r.s.filters()];
        }
        assertThat(error(plain, exact)).isLessThan(3e-5);
    }

    /// The values behind others.
    private static float[] after(int count, float[] values) {
        float[] all = new float[count + values.length];
        Arrays.fill(all, 0, count, Float.NaN);
        System.arraycopy(values, 0, all, count, values.length);
        return all;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void bitsDoNotDependOnTheNumberOfThreads(ConvShape s) {
        Parallel.setThreads(1);
        Run one = new Run(s).compute();
        Parallel.setThreads(3);
        Run three = new Run(s).compute();
        assertThat(three.y).isEqualTo(one.y);
        assertThat(three.dw).isEqualTo(one.dw);
    }

    /// The phases of so many images are not kept at once.
    @Test
    void imagesInSeveralPortionsAgreeWithTheDirectKernels() {
        ConvShape s = shape(5, 3, 620, 580, 16, 7, 7, 3);
        Run fast = new Run(s).compute();
        WinogradMode.set(WinogradMode.OFF);
        Run direct = new Run(s).compute();
        assertThat(error(fast.y, doubles(direct.y))).isLessThan(5e-5);
        assertThat(error(fast.dw, doubles(direct.dw))).isLessThan(1e-4);
    }

    private static double[] doubles(float[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i];
        }
        return y;
    }

    /// A value that is not finite reaches the results that read it, and no others of its tile.
    @ParameterizedTest
    @MethodSource("shapes")
    void infinitiesAndNansStayWhereTheDefinitionHasThem(ConvShape s) {
        Run r = new Run(s);
        r.x[s.width() + 2] = Float.POSITIVE_INFINITY;
        r.dy[s.outWidth() + 1] = Float.NaN;
        r.compute();
        double[][] exact = r.exact();
        float[][] actual = {r.y, r.dw};
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < exact[k].length; i++) {
                assertThat(Float.isFinite(actual[k][i]))
                        .as("result %d, element %d", k, i)
                        .isEqualTo(Double.isFinite(exact[k][i]));
            }
        }
    }

    @Test
    void otherConvolutionsAreLeftToTheDirectKernels() {
        assertThat(WinogradStrided.suits(shape(2, 5, 64, 64, 64, 7, 7, 3)))
                .as("more channels")
                .isFalse();
        assertThat(WinogradStrided.suits(shape(2, 3, 64, 64, 64, 5, 7, 3)))
                .as("smaller kernels")
                .isFalse();
        assertThat(WinogradStrided.suits(shape(2, 3, 24, 64, 64, 7, 7, 3)))
                .as("small planes")
                .isFalse();
        WinogradMode.set(WinogradMode.F2);
        assertThat(WinogradStrided.suits(shape(2, 3, 64, 64, 64, 7, 7, 3)))
                .as("smaller tiles wanted")
                .isFalse();
    }
}
