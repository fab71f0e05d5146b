package dev.retort.tensor.cpu.simd.winograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Winograd's convolutions against the definition in double: sizes, paddings, errors, values that are not finite.
class WinogradTest {
    private final WinogradMode before = WinogradMode.current();
    private final int threads = Parallel.threads();

    @AfterEach
    void restore() {
        WinogradMode.set(before);
        Parallel.setThreads(threads);
    }

    private static ConvShape shape(int batch, int channels, int height, int width, int filters, int padH, int padW) {
        return new ConvShape(batch, channels, height, width, filters, 3, 3, 1, 1, padH, padW, 1, 1, 1);
    }

    static Stream<Arguments> cases() {
        return Stream.of(WinogradMode.F2, WinogradMode.F4)
                .flatMap(mode -> Stream.of(
                                shape(1, 16, 12, 12, 16, 1, 1),
                                shape(5, 17, 8, 8, 33, 1, 1),
                                shape(5, 32, 7, 9, 16, 0, 0),
                                shape(2, 16, 13, 10, 40, 2, 2),
                                shape(2, 19, 11, 23, 21, 0, 2),
                                shape(9, 16, 6, 6, 64, 1, 0),
                                shape(1, 16, 5, 301, 16, 1, 1),
                                shape(7, 50, 8, 8, 48, 1, 1),
                                shape(70, 16, 4, 4, 16, 1, 1),
                                shape(3, 16, 8, 32, 16, 1, 1), // from here on tiles in lanes, with 256 bits
                                shape(13, 17, 8, 8, 32, 1, 1),
                                shape(2, 30, 24, 16, 32, 1, 1),
                                shape(1, 32, 14, 16, 31, 0, 1),
                                shape(5, 50, 6, 8, 48, 2, 1),
                                shape(1, 16, 4, 56, 16, 1, 1),
                                shape(3, 16, 12, 24, 16, 1, 1))
                        .map(s -> Arguments.of(mode, s)));
    }

    private static float[] normal(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
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
        final float[] dw;

        Run(ConvShape s) {
            this.s = s;
            x = normal(s.batch() * s.channels() * s.height() * s.width(), 1);
            w = normal(s.filters() * s.channels() * 9, 2);
            bias = normal(s.filters(), 4);
            dy = normal(s.batch() * s.filters() * s.outHeight() * s.outWidth(), 3);
            y = new float[dy.length];
            dx = new float[x.length];
            dw = new float[w.length];
        }

        Run compute() {
            Conv2d.forward(s, x, 0, w, 0, bias, 0, y, 0);
            Conv2d.inputGradient(s, dy, 0, w, 0, null, 0, dx, 0);
            Conv2d.weightGradient(s, dy, 0, x, 0, dw, 0);
            return this;
        }
    }

    /// The three results in double, and for each the sum of squares that makes up its size.
    private static double[][] exact(Run r) {
        ConvShape s = r.s;
        double[] y = new double[r.y.length];
        double[] dx = new double[r.dx.length];
        double[] dw = new double[r.dw.length];
        int at = 0;
        for (int nf = 0; nf < s.batch() * s.filters(); nf++) {
            int n = nf / s.filters();
            int f = nf % s.filters();
            for (int i = 0; i < s.outHeight(); i++) {
                for (int j = 0; j < s.outWidth(); j++, at++) {
                    y[at] = r.bias[f];
                    for (int t = 0; t < s.channels() * 9; t++) {
                        int row = i + t % 9 / 3 - s.padH();
                        int column = j + t % 3 - s.padW();
                        if (row < 0 || row >= s.height() || column < 0 || column >= s.width()) {
                            continue;
                        }
                        int from = ((n * s.channels() + t / 9) * s.height() + row) * s.width() + column;
                        int weight = f * s.channels() * 9 + t;
                        y[at] += (double) r.x[from] * r.w[weight];
                        dx[from] += (double) r.dy[at] * r.w[weight];
                        dw[weight] += (double) r.dy[at] * r.x[from];
                    }
                }
            }
        }
        return new double[][] {y, dx, dw};
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
    @MethodSource("cases")
    void forwardAndGradientsAgreeWithTheDefinition(WinogradMode mode, ConvShape s) {
        WinogradMode.set(mode);
        assertThat(Winograd.suits(s)).isTrue();
        Run r = new Run(s).compute();
        double[][] exact = exact(r);
        double bound = mode == WinogradMode.F2 ? 5e-6 : 3e-5;
        assertThat(error(r.y, exact[0])).isLessThan(bound);
        assertThat(error(r.dx, exact[1])).isLessThan(bound);
        assertThat(error(r.dw, exact[2])).isLessThan(bound);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void bitsDoNotDependOnTheNumberOfThreads(WinogradMode mode, ConvShape s) {
        WinogradMode.set(mode);
        Parallel.setThreads(1);
        Run one = new Run(s).compute();
        Parallel.setThreads(3);
        Run three = new Run(s).compute();
        assertThat(three.y).isEqualTo(one.y);
        assertThat(three.dx).isEqualTo(one.dx);
        assertThat(three.dw).isEqualTo(one.dw);
    }

    /// A value that is not finite reaches the results that read it, and no others of its tile.
    @ParameterizedTest
    @MethodSource("cases")
    void infinitiesAndNansStayWhereTheDefinitionHasThem(WinogradMode mode, ConvShape s) {
        WinogradMode.set(mode);
        Run r = new Run(s);
        r.x[s.width() + 2] = Float.POSITIVE_INFINITY;
        r.x[r.x.length - 1] = Float.NaN;
        r.dy[s.outWidth() + 1] = Float.NEGATIVE_INFINITY;
        r.compute();
        double[][] exact = exact(r);
        float[][] actual = {r.y, r.dx, r.dw};
        for (int k = 0; k < 3; k++) {
            for (int i = 0; i < exact[k].length; i++) {
                assertThat(Float.isFinite(actual[k][i]))
                        .as("result %d, element %d", k, i)
                        .isEqualTo(Double.isFinite(exact[k][i]));
            }
        }
    }

    /// Weight gradients in parts, kernels larger than the tiles, and more tiles than are transformed at once.
    static Stream<Arguments> large() {
        return Stream.of(
                Arguments.of(WinogradMode.F4, shape(40, 16, 15, 16, 17, 1, 1)),
                Arguments.of(WinogradMode.F2, shape(20, 16, 15, 11, 17, 1, 1)),
                Arguments.of(WinogradMode.F4, shape(2, 250, 7, 7, 260, 0, 2)),
                Arguments.of(WinogradMode.F2, shape(1, 400, 5, 8, 336, 1, 1)),
                Arguments.of(WinogradMode.F4, shape(260, 256, 4, 4, 228, 1, 1)));
    }

    @ParameterizedTest
    @MethodSource("large")
    void largeOnesAgreeWithTheDirectKernelsAtAnyThreadCount(WinogradMode mode, ConvShape s) {
        WinogradMode.set(WinogradMode.OFF);
        Run direct = new Run(s).compute();
        WinogradMode.set(mode);
        Parallel.setThreads(1);
        Run one = new Run(s).compute();
        Parallel.setThreads(3);
        Run three = new Run(s).compute();
        assertThat(error(one.y, doubles(direct.y))).isLessThan(5e-5);
        assertThat(error(one.dx, doubles(direct.dx))).isLessThan(5e-5);
        assertThat(error(one.dw, doubles(direct.dw))).isLessThan(5e-5);
        assertThat(Arrays.equals(one.y, three.y)).isTrue();
        assertThat(Arrays.equals(one.dx, three.dx)).isTrue();
        assertThat(Arrays.equals(one.dw, three.dw)).isTrue();
    }

    private static double[] doubles(float[] x) {
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            y[i] = x[i];
        }
        return y;
    }

    @Test
    void fewChannelsOfWholeTilesGoWithTilesInLanes() {
        boolean here = TileLaneProduct.available() && Lanes.LENGTH == 8;
        assertThat(inLanes(shape(3, 16, 8, 32, 16, 1, 1))).isEqualTo(here);
        assertThat(inLanes(shape(13, 17, 8, 8, 32, 1, 1))).isEqualTo(here);
        assertThat(inLanes(shape(1, 16, 4, 56, 16, 1, 1))).isEqualTo(here);
        assertThat(inLanes(shape(5, 50, 6, 8, 48, 2, 1))).isEqualTo(here);
        assertThat(inLanes(shape(3, 32, 8, 32, 32, 1, 1))).isFalse();
        assertThat(inLanes(shape(3, 16, 8, 28, 16, 1, 1))).isFalse();
        assertThat(inLanes(shape(3, 16, 8, 64, 16, 1, 1))).isFalse();
    }

    private static boolean inLanes(ConvShape s) {
        WinogradTiles tiles = new WinogradTiles(4, s.batch(), s.outHeight(), s.outWidth());
        float[] none = new float[0];
        return WinogradTileLanes.suits(tiles, Winograd.inputs(s, none, 0), Winograd.outputs(s, none, 0, 0, 0));
    }

    @Test
    void otherConvolutionsAreLeftToTheDirectKernels() {
        WinogradMode.set(WinogradMode.F4);
        assertThat(Winograd.suits(shape(8, 16, 16, 16, 16, 1, 1))).isTrue();
        assertThat(Winograd.suits(shape(8, 8, 16, 16, 16, 1, 1)))
                .as("few channels")
                .isFalse();
        assertThat(Winograd.suits(shape(8, 16, 16, 16, 16, 3, 1)))
                .as("wide padding")
                .isFalse();
        assertThat(Winograd.suits(shape(1, 16, 8, 8, 16, 1, 1)))
                .as("few outputs")
                .isFalse();
        assertThat(Winograd.suits(new ConvShape(8, 16, 16, 16, 16, 3, 3, 2, 2, 1, 1, 1, 1, 1)))
                .as("stride")
                .isFalse();
        WinogradMode.set(WinogradMode.OFF);
        assertThat(Winograd.suits(shape(8, 16, 16, 16, 16, 1, 1))).isFalse();
    }
}
