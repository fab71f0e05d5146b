package dev.retort.tensor.cpu.simd.winograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// 3 x 3 convolutions with a stride of two by Winograd's algorithm against the definition in double.
class WinogradHalvingTest {
    private final WinogradMode before = WinogradMode.current();
    private final int threads = Parallel.threads();

    @BeforeEach
    void needsFreeFences() {
        assumeTrue(FencedKernel.FREE_FENCES && Lanes.LENGTH >= 4, "skipped: not used on this processor");
        WinogradMode.set(WinogradMode.F4);
    }

    @AfterEach
    void restore() {
        WinogradMode.set(before);
        Parallel.setThreads(threads);
    }

    /// Twice the channels and filters where vectors are twice as long as with 16 registers.
    private static final int TIMES = Math.max(1, Lanes.LENGTH / 8);

    private static ConvShape shape(int batch, int channels, int height, int width, int filters, int padH, int padW) {
        return new ConvShape(batch, channels * TIMES, height, width, filters * TIMES, 3, 3, 2, 2, padH, padW, 1, 1, 1);
    }

    /// One block of summands, several, uneven ones; extents of whole tiles and others; a single row of tiles.
    static Stream<ConvShape> shapes() {
        return Stream.of(
                shape(2, 32, 32, 36, 16, 1, 1),
                shape(2, 16, 37, 30, 48, 1, 1),
                shape(1, 72, 43, 49, 32, 1, 1),
                shape(1, 144, 46, 46, 288 / TIMES, 1, 1),
                shape(3, 24, 29, 28, 32, 0, 2),
                shape(2, 16, 8, 140, 16, 1, 1));
    }

    /// Operands and results of one shape.
    private static final class Run {
        final ConvShape s;
        final float[] x;
        final float[] w;
        final float[] bias;
        final float[] dy;
        final float[] y;
        final float[] dx;

        Run(ConvShape s) {
            this.s = s;
            Random random = new Random(7);
            x = normal(s.batch() * s.channels() * s.height() * s.width(), random);
            w = normal(s.weights(), random);
            bias = normal(Math.max(s.channels(), s.filters()), random);
            dy = normal(s.batch() * s.filters() * s.outHeight() * s.outWidth(), random);
            y = new float[dy.length];
            dx = new float[x.length];
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
            Conv2d.inputGradient(s, dy, 0, w, 0, bias, 0, dx, 0);
            return this;
        }

        /// Output and input gradient in double.
        double[][] exact() {
            double[] sums = new double[y.length];
            double[] gradient = new double[dx.length];
            int weights = s.channels() * 9;
            int size = s.outHeight() * s.outWidth();
            for (int i = 0; i < gradient.length; i++) {
                gradient[i] = bias[i / (s.height() * s.width()) % s.channels()];
            }
            for (int at = 0; at < y.length; at++) {
                int n = at / size / s.filters();
                int f = at / size % s.filters();
                sums[at] = bias[f];
                for (int k = 0; k < weights; k++) {
                    int row = at % size / s.outWidth() * 2 + k % 9 / 3 - s.padH();
                    int column = at % s.outWidth() * 2 + k % 3 - s.padW();
                    if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
                        continue;
                    }
                    int from = ((n * s.channels() + k / 9) * s.height() + row) * s.width() + column;
                    sums[at] += (double) x[from] * w[f * weights + k];
                    gradient[from] += (double) dy[at] * w[f * weights + k];
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
    void outputAndInputGradientAgreeWithTheDefinition(ConvShape s) {
        assertThat(WinogradHalving.suits(s)).isTrue();
        assertThat(WinogradHalvingGrad.suits(s))
                .isEqualTo(s.padH() == 1 && s.padW() == 1 && s.channels() % (16 * TIMES) == 0);
        Run r = new Run(s).compute();
        double[][] exact = r.exact();
        assertThat(error(r.y, exact[0])).isLessThan(1e-5 * TIMES);
        assertThat(error(r.dx, exact[1])).isLessThan(1e-5 * TIMES);
    }

    /// Both kernels ran: their rounding differs from that of the direct sum.
    @Test
    void resultsAreNotThoseOfTheDirectKernels() {
        ConvShape s = shape(2, 32, 32, 36, 16, 1, 1);
        Run fast = new Run(s).compute();
        WinogradMode.set(WinogradMode.OFF);
        Run direct = new Run(s).compute();
        assertThat(fast.y).isNotEqualTo(direct.y);
        assertThat(fast.dx).isNotEqualTo(direct.dx);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void bitsDoNotDependOnTheNumberOfThreads(ConvShape s) {
        Parallel.setThreads(1);
        Run one = new Run(s).compute();
        Parallel.setThreads(3);
        Run three = new Run(s).compute();
        assertThat(three.y).isEqualTo(one.y);
        assertThat(three.dx).isEqualTo(one.dx);
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
        float[][] actual = {r.y, r.dx};
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < exact[k].length; i++) {
                if (Float.isFinite(actual[k][i]) != Double.isFinite(exact[k][i])) {
                    assertThat(actual[k][i]).as("result %d, element %d", k, i).isEqualTo((float) exact[k][i]);
                }
            }
        }
    }

    @Test
    void otherConvolutionsAreLeftToTheDirectKernels() {
        assertThat(WinogradHalving.suits(shape(2, 8 / TIMES, 64, 64, 64, 1, 1)))
                .as("few channels")
                .isFalse();
        assertThat(WinogradHalving.suits(shape(2, 20, 64, 64, 64, 1, 1)))
                .as("channels no whole vectors")
                .isFalse();
        assertThat(WinogradHalving.suits(shape(2, 64, 64, 64, 24, 1, 1)))
                .as("filters no whole panels")
                .isFalse();
        assertThat(WinogradHalving.suits(shape(64, 512, 14, 14, 512, 1, 1)))
                .as("kernels too large")
                .isFalse();
        assertThat(WinogradHalving.suits(shape(1, 64, 24, 24, 64, 1, 1)))
                .as("few positions")
                .isFalse();
        WinogradMode.set(WinogradMode.OFF);
        assertThat(WinogradHalving.suits(shape(2, 64, 64, 64, 64, 1, 1)))
                .as("turned off")
                .isFalse();
    }
}
