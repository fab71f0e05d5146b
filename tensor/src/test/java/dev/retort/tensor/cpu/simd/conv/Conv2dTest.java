package dev.retort.tensor.cpu.simd.conv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The three convolution kernels against one double loop, over strides, paddings, dilations and groups.
public class Conv2dTest {
    public static Stream<ConvShape> shapes() {
        Random random = new Random(11);
        Stream<ConvShape> fixed = Stream.of(
                new ConvShape(2, 3, 8, 8, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                new ConvShape(3, 16, 9, 7, 8, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(2, 5, 12, 40, 9, 3, 5, 2, 3, 1, 2, 2, 1, 1),
                new ConvShape(2, 6, 11, 13, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6),
                new ConvShape(2, 4, 10, 10, 8, 3, 3, 2, 2, 1, 1, 1, 1, 4),
                new ConvShape(1, 6, 5, 5, 9, 2, 2, 3, 3, 2, 2, 1, 1, 3),
                new ConvShape(1, 2, 1, 50, 3, 1, 7, 1, 2, 0, 3, 1, 2, 1),
                new ConvShape(1, 1, 3, 3, 1, 3, 3, 4, 4, 0, 0, 1, 1, 1),
                new ConvShape(40, 20, 6, 6, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1));
        Stream<ConvShape> drawn = Stream.generate(() -> draw(random))
                .filter(s -> s.outHeight() > 0 && s.outWidth() > 0)
                .limit(60);
        Stream<ConvShape> depthwise = Stream.generate(() -> drawDepthwise(random))
                .filter(s -> s.outHeight() > 0 && s.outWidth() > 0)
                .limit(30);
        Stream<ConvShape> stems = Stream.of(
                new ConvShape(2, 3, 40, 45, 32, 7, 7, 2, 2, 3, 3, 1, 1, 1),
                new ConvShape(1, 3, 70, 70, 25, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(3, 4, 9, 33, 27, 5, 8, 1, 1, 2, 4, 1, 1, 1),
                new ConvShape(5, 7, 11, 13, 29, 3, 3, 1, 1, 1, 1, 1, 1, 1));
        Stream<ConvShape> wide = Stream.of(
                new ConvShape(3, 20, 7, 9, 32, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(2, 13, 35, 34, 48, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(9, 11, 15, 13, 31, 1, 1, 2, 2, 0, 0, 1, 1, 1),
                new ConvShape(2, 20, 4, 5, 560, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(2, 12, 9, 11, 30, 3, 3, 2, 3, 1, 2, 2, 1, 1),
                new ConvShape(2, 12, 14, 10, 64, 2, 3, 1, 2, 0, 3, 1, 2, 2));
        Stream<ConvShape> windows = Stream.of(
                new ConvShape(2, 3, 14, 19, 3, 5, 5, 1, 1, 2, 2, 1, 1, 3),
                new ConvShape(2, 3, 29, 37, 3, 5, 5, 2, 2, 2, 2, 1, 1, 3),
                new ConvShape(1, 2, 11, 40, 2, 7, 7, 1, 1, 3, 3, 1, 1, 2),
                new ConvShape(2, 2, 13, 70, 4, 7, 7, 2, 2, 3, 1, 1, 1, 2),
                new ConvShape(1, 3, 9, 33, 3, 3, 4, 1, 2, 0, 5, 2, 3, 3),
                new ConvShape(1, 2, 5, 3, 2, 2, 2, 3, 2, 4, 4, 1, 1, 2),
                new ConvShape(1, 2, 6, 7, 2, 1, 1, 2, 2, 0, 0, 1, 1, 2),
                new ConvShape(2, 3, 12, 61, 6, 3, 3, 2, 2, 1, 1, 1, 1, 3),
                new ConvShape(1, 2, 28, 28, 2, 5, 5, 2, 2, 2, 2, 1, 1, 2),
                new ConvShape(1, 2, 1, 3, 4, 5, 5, 2, 2, 2, 2, 1, 1, 2),
                new ConvShape(2, 2, 21, 1, 2, 6, 1, 2, 2, 2, 0, 1, 1, 2),
                // steps of two with 8 outputs and less, 9 to 15, 16 and more
                new ConvShape(2, 2, 9, 8, 2, 3, 3, 2, 2, 1, 1, 1, 1, 2),
                new ConvShape(2, 2, 14, 14, 4, 5, 5, 2, 2, 2, 2, 1, 1, 2),
                new ConvShape(2, 2, 19, 17, 2, 3, 5, 3, 2, 0, 3, 1, 1, 2),
                new ConvShape(1, 2, 40, 33, 4, 5, 3, 4, 2, 4, 4, 1, 1, 2),
                new ConvShape(2, 2, 11, 36, 2, 2, 5, 1, 2, 1, 0, 2, 1, 2),
                new ConvShape(1, 2, 3, 11, 2, 1, 3, 2, 2, 0, 7, 1, 1, 2),
                // and gradients: odd widths of less than two vectors and more, odd and large padding, one row
                new ConvShape(2, 2, 15, 11, 2, 5, 5, 2, 2, 1, 3, 1, 1, 2),
                new ConvShape(1, 2, 10, 17, 2, 3, 3, 2, 2, 0, 2, 1, 1, 2),
                new ConvShape(2, 2, 7, 23, 2, 5, 5, 2, 2, 4, 0, 1, 1, 2),
                new ConvShape(1, 3, 1, 9, 3, 5, 5, 2, 2, 2, 6, 1, 1, 3),
                new ConvShape(2, 3, 16, 35, 6, 3, 3, 2, 2, 3, 4, 1, 1, 3));
        Stream<ConvShape> strided = Stream.of(
                new ConvShape(2, 34, 37, 75, 100, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(3, 40, 28, 28, 130, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(2, 300, 7, 9, 97, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(3, 24, 33, 66, 104, 1, 1, 2, 2, 0, 0, 1, 1, 1),
                new ConvShape(2, 17, 31, 50, 98, 5, 4, 3, 2, 2, 1, 1, 2, 1),
                new ConvShape(2, 12, 20, 67, 30, 2, 3, 2, 3, 1, 0, 2, 1, 3),
                new ConvShape(1, 9, 1, 65, 99, 1, 2, 2, 4, 0, 0, 1, 1, 1));
        Stream<ConvShape> deep = Stream.of(
                new ConvShape(3, 600, 9, 9, 101, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(1, 70, 26, 40, 560, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(5, 66, 27, 41, 80, 1, 1, 1, 1, 0, 0, 1, 1, 2),
                new ConvShape(7, 560, 3, 5, 29, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(4, 54, 23, 24, 42, 1, 1, 2, 3, 0, 0, 1, 1, 3));
        // Parts of planes that end with a tile, whole images, parts that do neither; rows that end in tiles of four.
        Stream<ConvShape> direct = Stream.of(
                new ConvShape(1, 600, 16, 21, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(3, 30, 12, 16, 22, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(3, 17, 25, 26, 16, 1, 1, 1, 1, 0, 0, 1, 1, 1));
        Stream<ConvShape> manyChannels = Stream.of(
                new ConvShape(4, 60, 30, 31, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(4, 90, 41, 40, 54, 1, 1, 2, 2, 0, 0, 1, 1, 2),
                new ConvShape(3, 600, 29, 29, 121, 1, 1, 1, 1, 0, 0, 1, 1, 1));
        Stream<ConvShape> longLines = Stream.of(
                new ConvShape(1, 9, 3, 1300, 30, 1, 4, 1, 2, 0, 3, 1, 1, 1),
                new ConvShape(1, 3, 2, 2300, 28, 2, 5, 1, 1, 1, 2, 1, 2, 1),
                new ConvShape(2, 16, 1, 1201, 31, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(1, 5, 66, 67, 14, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(3, 2, 64, 64, 45, 5, 5, 2, 2, 2, 2, 1, 1, 1),
                new ConvShape(1, 8, 4, 1300, 69, 2, 4, 1, 2, 0, 3, 1, 1, 1),
                new ConvShape(3, 29, 33, 35, 81, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(20, 18, 10, 10, 97, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(70, 10, 8, 8, 16, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(2, 40, 12, 12, 9, 5, 5, 1, 1, 2, 2, 1, 1, 1));
        return Stream.of(fixed, drawn, depthwise, stems, wide, windows, strided, deep, direct, manyChannels, longLines)
                .flatMap(shapes -> shapes);
    }

    private static ConvShape drawDepthwise(Random r) {
        int channels = 2 + r.nextInt(3);
        int multiplier = 1 + r.nextInt(2);
        int height = 1 + r.nextInt(24);
        int width = 1 + r.nextInt(70);
        int filters = channels * multiplier;
        return new ConvShape(
                2, channels, height, width, filters, 3, 3, 1, 1, r.nextInt(4), r.nextInt(4), 1, 1, channels);
    }

    private static ConvShape draw(Random r) {
        int groups = 1 + r.nextInt(3);
        return new ConvShape(
                1 + r.nextInt(3),
                groups * (1 + r.nextInt(4)),
                1 + r.nextInt(15),
                1 + r.nextInt(30),
                groups * (1 + r.nextInt(9)),
                1 + r.nextInt(4),
                1 + r.nextInt(4),
                1 + r.nextInt(3),
                1 + r.nextInt(3),
                r.nextInt(3),
                r.nextInt(3),
                1 + r.nextInt(2),
                1 + r.nextInt(2),
                groups);
    }

    /// A plain loop: an assertion an element takes longer than the convolution.
    private static void assertClose(String what, float[] actual, double[] exact, double tolerance) {
        for (int i = 0; i < exact.length; i++) {
            if (!(Math.abs(actual[i] - exact[i]) <= tolerance)) {
                fail("%s, element %d: got %s, expected %s within %s", what, i, actual[i], exact[i], tolerance);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void forwardAndGradientsAgreeWithTheDefinition(ConvShape s) {
        DefinedConv c = new DefinedConv(s);
        float[] y = DefinedConv.floats(c.y.length, 5);
        float[] dx = DefinedConv.floats(c.dx.length, 6);
        float[] dw = DefinedConv.floats(c.dw.length, 7);
        Conv2d.forward(s, c.x, 0, c.w, 0, c.bias, 0, y, 0);
        Conv2d.inputGradient(s, c.dy, 0, c.w, 0, null, 0, dx, 0);
        Conv2d.weightGradient(s, c.dy, 0, c.x, 0, dw, 0);
        assertClose("y", y, c.y, rounding(s.groupChannels() * s.taps()));
        assertClose("dx", dx, c.dx, rounding(s.groupFilters() * s.taps()));
        assertClose("dw", dw, c.dw, 1e-4);
    }

    /// Rounding errors of a sum of so many terms: as many roundings, each of a sum that has grown as their root.
    private static double rounding(int terms) {
        return 1e-5 * Math.max(1, terms / 800.0);
    }

    static Stream<ConvShape> largeShapes() {
        return Stream.of(
                new ConvShape(20, 8, 24, 24, 12, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                new ConvShape(3, 40, 33, 61, 40, 3, 3, 1, 1, 1, 1, 1, 1, 40),
                new ConvShape(3, 40, 33, 31, 40, 5, 5, 2, 2, 2, 2, 1, 1, 40),
                new ConvShape(4, 3, 64, 64, 32, 7, 7, 2, 2, 3, 3, 1, 1, 1),
                new ConvShape(3, 20, 29, 30, 140, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                new ConvShape(4, 130, 14, 14, 270, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(6, 48, 30, 31, 50, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(4, 70, 30, 31, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1),
                new ConvShape(2, 300, 9, 9, 300, 1, 1, 2, 2, 0, 0, 1, 1, 1));
    }

    @ParameterizedTest
    @MethodSource("largeShapes")
    void bitsDoNotDependOnTheNumberOfThreads(ConvShape s) {
        DefinedConv c = new DefinedConv(s);
        float[][] one = run(c, 1);
        float[][] four = run(c, 4);
        for (int i = 0; i < 3; i++) {
            assertThat(four[i]).isEqualTo(one[i]);
        }
    }

    private static float[][] run(DefinedConv c, int threads) {
        float[][] out = {new float[c.y.length], new float[c.dx.length], new float[c.dw.length]};
        int before = Parallel.threads();
        Parallel.setThreads(threads);
        try {
            Conv2d.forward(c.s, c.x, 0, c.w, 0, c.bias, 0, out[0], 0);
            Conv2d.inputGradient(c.s, c.dy, 0, c.w, 0, null, 0, out[1], 0);
            Conv2d.weightGradient(c.s, c.dy, 0, c.x, 0, out[2], 0);
        } finally {
            Parallel.setThreads(before);
        }
        return out;
    }
}
