package dev.retort.tensor.cpu.simd.planes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.conv.Conv2dTest;
import dev.retort.tensor.cpu.simd.conv.DefinedConv;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// An infinity or NaN in one element of an operand reaches the results that depend on it, with the value
/// of the definition, and no other: not through padding, not through gaps between rows or images.
class NonFiniteConvTest {
    private static final float[] POISONS = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN};

    static Stream<ConvShape> shapes() {
        return Stream.concat(
                Conv2dTest.shapes(),
                Stream.of(
                        new ConvShape(3, 64, 8, 8, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1), // direct, winograd-able
                        new ConvShape(2, 130, 14, 14, 130, 3, 3, 1, 1, 1, 1, 1, 1, 1), // packed patches
                        new ConvShape(2, 130, 14, 14, 100, 3, 3, 2, 2, 1, 1, 1, 1, 1),
                        new ConvShape(2, 24, 17, 17, 24, 5, 5, 2, 2, 2, 2, 1, 1, 24), // depthwise
                        new ConvShape(2, 16, 9, 9, 16, 1, 1, 1, 1, 0, 0, 1, 1, 16)));
    }

    private static void assertSameKind(String what, float[] actual, double[] exact) {
        for (int i = 0; i < exact.length; i++) {
            boolean same = Double.isFinite(exact[i])
                    ? Math.abs(actual[i] - exact[i]) < 1e-4
                    : Double.compare(actual[i], exact[i]) == 0;
            if (!same) {
                fail("%s, element %d: expected %s, got %s", what, i, exact[i], actual[i]);
            }
        }
    }

    private static void assertContained(DefinedConv c, String where) {
        float[] y = new float[c.y.length];
        float[] dx = new float[c.dx.length];
        float[] dw = new float[c.dw.length];
        Conv2d.forward(c.s, c.x, 0, c.w, 0, c.bias, 0, y, 0);
        Conv2d.inputGradient(c.s, c.dy, 0, c.w, 0, null, 0, dx, 0);
        Conv2d.weightGradient(c.s, c.dy, 0, c.x, 0, dw, 0);
        assertSameKind(where + ": y", y, c.y);
        assertSameKind(where + ": dx", dx, c.dx);
        assertSameKind(where + ": dw", dw, c.dw);
    }

    /// Multiply-adds of a convolution from which on each operand is spoilt at one place only: the loops for
    /// such operands take seconds.
    private static final long LARGE = 20_000_000;

    /// First, last and any; of large ones the first of `x`, the last of `w` and any of `dy`.
    private static int[] places(DefinedConv c, int operand, int size, Random random) {
        int[] all = {0, size - 1, random.nextInt(size)};
        long work = (long) c.y.length * c.s.groupChannels() * c.s.taps();
        return work < LARGE ? all : new int[] {all[operand]};
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void oneElementSpoilsOnlyWhatDependsOnIt(ConvShape s) {
        Random random = new Random(7);
        DefinedConv c = new DefinedConv(s);
        float[][] operands = {c.x, c.w, c.dy};
        String[] names = {"x", "w", "dy"};
        double[][] results = {c.y, c.dx, c.dw};
        double[][] finite = {c.y.clone(), c.dx.clone(), c.dw.clone()};
        for (int k = 0; k < operands.length; k++) {
            for (int at : places(c, k, operands[k].length, random)) {
                float value = operands[k][at];
                c.spoil(operands[k], at, POISONS[random.nextInt(3)]);
                assertContained(c, operands[k][at] + " in " + names[k] + "[" + at + "]");
                operands[k][at] = value;
                for (int r = 0; r < results.length; r++) {
                    System.arraycopy(finite[r], 0, results[r], 0, finite[r].length);
                }
            }
        }
    }

    /// What is expected of a spoilt operand is what the definition gives.
    @Test
    void spoiltElementsAreTheDefinitions() {
        for (ConvShape s : new ConvShape[] {
            new ConvShape(3, 4, 9, 8, 6, 3, 2, 1, 2, 1, 1, 1, 2, 2),
            new ConvShape(2, 3, 5, 6, 6, 2, 3, 3, 2, 0, 2, 2, 1, 3)
        }) {
            DefinedConv c = new DefinedConv(s);
            for (float[] operand : new float[][] {c.x, c.w, c.dy}) {
                for (int at = 0; at < operand.length; at++) {
                    float value = operand[at];
                    c.spoil(operand, at, POISONS[at % 3]);
                    double[][] spoilt = {c.y.clone(), c.dx.clone(), c.dw.clone()};
                    c.compute();
                    assertSame(spoilt[0], c.y);
                    assertSame(spoilt[1], c.dx);
                    assertSame(spoilt[2], c.dw);
                    operand[at] = value;
                    c.compute();
                }
            }
        }
    }

    private static void assertSame(double[] actual, double[] expected) {
        for (int i = 0; i < expected.length; i++) {
            if (Double.compare(actual[i], expected[i]) != 0) {
                fail("element %d: expected %s, got %s", i, expected[i], actual[i]);
            }
        }
    }

    @Test
    void infinitiesOfBothSignsInEveryOperand() {
        DefinedConv c = new DefinedConv(new ConvShape(3, 4, 9, 8, 6, 3, 3, 1, 1, 1, 1, 1, 1, 2));
        for (float[] operand : new float[][] {c.x, c.w, c.dy}) {
            operand[3] = Float.POSITIVE_INFINITY;
            operand[operand.length / 2] = Float.NEGATIVE_INFINITY;
            operand[operand.length - 5] = 0f;
        }
        c.compute();
        assertContained(c, "mixed");
    }

    @Test
    void finiteLooksAtEveryElement() {
        for (int n = 0; n < 70; n++) {
            float[] x = DefinedConv.floats(n + 2, n);
            x[0] = Float.NaN;
            x[n + 1] = Float.NaN;
            assertThat(NonFiniteConv.finite(x, 1, n)).isTrue();
            for (int i = 0; i < n; i++) {
                float value = x[1 + i];
                x[1 + i] = POISONS[i % 3];
                assertThat(NonFiniteConv.finite(x, 1, n)).as("%d of %d", i, n).isFalse();
                x[1 + i] = value;
            }
        }
    }
}
