package dev.retort.tensor.cpu.simd.pixels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.conv.DefinedConv;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.winograd.WinogradMode;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Convolutions with packed weights against the definition in double, for both orders of memory of the input.
class PixelConvTest {
    private final WinogradMode before = WinogradMode.current();
    private final int threads = Parallel.threads();

    @AfterEach
    void restore() {
        WinogradMode.set(before);
        Parallel.setThreads(threads);
    }

    static Stream<ConvShape> shapes() {
        return Stream.of(
                new ConvShape(2, 5, 7, 9, 16, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(1, 16, 14, 14, 48, 1, 1, 2, 2, 0, 0, 1, 1, 1),
                new ConvShape(2, 3, 23, 20, 32, 7, 7, 2, 2, 3, 3, 1, 1, 1),
                new ConvShape(3, 4, 220, 231, 16, 3, 3, 8, 9, 1, 1, 1, 1, 1),
                new ConvShape(1, 4, 9, 12, 16, 3, 2, 1, 3, 2, 0, 2, 3, 1),
                new ConvShape(1, 2, 3, 2, 16, 3, 2, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(3, 16, 13, 10, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                new ConvShape(1, 32, 5, 31, 16, 3, 3, 1, 1, 0, 2, 1, 1, 1),
                new ConvShape(1, 48, 40, 33, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                new ConvShape(2, 64, 29, 31, 256, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(1, 600, 5, 7, 48, 1, 1, 1, 1, 0, 0, 1, 1, 1), // windows in pieces
                new ConvShape(1, 4, 21, 19, 48, 11, 7, 1, 1, 2, 3, 1, 1, 1), // pieces across short runs
                new ConvShape(1, 112, 9, 8, 32, 3, 3, 2, 2, 1, 1, 1, 1, 1), // runs in pieces
                new ConvShape(2, 2048, 13, 13, 192, 1, 1, 1, 1, 0, 0, 1, 1, 1), // blocks stay, panels go by
                new ConvShape(3, 40, 9, 9, 112, 3, 3, 2, 1, 1, 1, 1, 1, 1), // panels of all widths
                new ConvShape(2, 3, 9, 11, 32, 3, 3, 1, 1, 0, 0, 1, 1, 1)); // short runs up to the array's end
    }

    private static float[] channelsLast(float[] x, int batch, int channels, int plane) {
        float[] y = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            int n = i / plane / channels;
            int c = i / plane % channels;
            y[(n * plane + i % plane) * channels + c] = x[i];
        }
        return y;
    }

    private static PixelPlanes planes(ConvShape s, float[] x) {
        int plane = s.height() * s.width();
        return new PixelPlanes(x, 0, s.channels() * plane, plane, s.width(), 1);
    }

    private static PixelPlanes pixels(ConvShape s, float[] x) {
        float[] last = channelsLast(x, s.batch(), s.channels(), s.height() * s.width());
        int row = s.width() * s.channels();
        return new PixelPlanes(last, 0, s.height() * row, 1, row, s.channels());
    }

    private static float[] run(DefinedConv c, PixelPlanes x, boolean winograd, float[] shortcut, boolean relu) {
        float[] y = DefinedConv.floats(c.y.length, 9);
        if (winograd) {
            assertThat(new PixelWinograd(c.s, c.w, 0, c.bias, 0).run(x, shortcut, 0, relu, y, 0))
                    .isTrue();
        } else {
            new PixelConv(c.s, c.w, 0, c.bias, 0).run(x, shortcut, 0, relu, y, 0);
        }
        return y;
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void agreesWithTheDefinition(ConvShape s) {
        if (!PixelPool.suits(s.filters())) {
            return; // no packed form at this width of vectors
        }
        DefinedConv c = new DefinedConv(s);
        int plane = s.outHeight() * s.outWidth();
        float[] shortcut = DefinedConv.floats(c.y.length, 8);
        for (WinogradMode mode : WinogradMode.values()) {
            WinogradMode.set(mode);
            boolean winograd = mode != WinogradMode.OFF;
            if (winograd && !PixelWinograd.suits(s)) {
                continue;
            }
            float[] plain = run(c, planes(s, c.x), winograd, null, false);
            float[] joined = run(c, pixels(s, c.x), winograd, shortcut, true);
            for (int i = 0; i < plain.length; i++) {
                int at = (i / plane / s.filters() * plane + i % plane) * s.filters() + i / plane % s.filters();
                assertThat((double) plain[at]).isCloseTo(c.y[i], within(2e-4));
                assertThat((double) joined[at]).isCloseTo(Math.max(0, c.y[i] + shortcut[at]), within(2e-4));
            }
            Parallel.setThreads(3);
            assertThat(run(c, planes(s, c.x), winograd, shortcut, true)).isEqualTo(joined);
            Parallel.setThreads(1);
            assertThat(run(c, planes(s, c.x), winograd, shortcut, true)).isEqualTo(joined);
        }
    }

    @Test
    void poolingTakesTheLargestAndNaNWins() {
        int channels = 2 * Lanes.LENGTH;
        float[] x = DefinedConv.floats(2 * 7 * 5 * channels, 1);
        x[3] = Float.NaN;
        x[channels + 1] = Float.NEGATIVE_INFINITY;
        float[] y = new float[2 * 4 * 3 * channels];
        new PixelPool(channels, 7, 5, 3, 3, 2, 2, 1, 1).max(x, 0, 2, 4, 3, y);
        for (int i = 0; i < y.length; i++) {
            int c = i % channels;
            int j = i / channels % 3;
            int r = i / channels / 3;
            float most = Float.NEGATIVE_INFINITY;
            for (int v = Math.max(0, r % 4 * 2 - 1); v < Math.min(7, r % 4 * 2 + 2); v++) {
                for (int u = Math.max(0, j * 2 - 1); u < Math.min(5, j * 2 + 2); u++) {
                    most = Math.max(most, x[((r / 4 * 7 + v) * 5 + u) * channels + c]);
                }
            }
            assertThat(Float.compare(y[i], most)).isZero();
        }
    }
}
