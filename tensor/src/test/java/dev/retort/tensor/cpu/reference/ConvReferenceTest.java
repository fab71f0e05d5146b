package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.dot;
import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ConvOp.Geometry;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The definition on a padded copy, written out, and the two adjoints against the forward by ⟨g, conv(x,
/// w)⟩.
class ConvReferenceTest {
    /// Geometry, x and weight extents.
    static Stream<Arguments> cases() {
        return Stream.of(
                Arguments.of(Geometry.of(1, 0), new int[] {1, 1, 1, 1}, new int[] {1, 1, 1, 1}),
                Arguments.of(Geometry.of(1, 1), new int[] {2, 3, 5, 4}, new int[] {4, 3, 3, 3}),
                Arguments.of(Geometry.of(2, 1), new int[] {1, 2, 7, 6}, new int[] {2, 2, 3, 3}),
                Arguments.of(Geometry.of(1, 2, 2, 1), new int[] {1, 2, 6, 7}, new int[] {3, 2, 3, 2}),
                Arguments.of(Geometry.of(2, 1, 1, 2), new int[] {2, 4, 5, 5}, new int[] {6, 2, 3, 3}),
                Arguments.of(Geometry.of(1, 1, 1, 4), new int[] {1, 4, 4, 4}, new int[] {4, 1, 3, 3}),
                Arguments.of(new Geometry(3, 1, 0, 2, 1, 2, 1), new int[] {1, 2, 8, 5}, new int[] {2, 2, 2, 3}),
                Arguments.of(Geometry.of(3, 4), new int[] {1, 1, 2, 2}, new int[] {1, 1, 5, 5}),
                Arguments.of(Geometry.of(1, 1), new int[] {0, 2, 3, 3}, new int[] {2, 2, 3, 3}));
    }

    @Test
    void convolvesByHand() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 1, 3, 3);
        Tensor w = Tensor.of(new double[] {1, 0, 0, -1}, 1, 1, 2, 2);
        Tensor bias = Tensor.of(new double[] {10});
        assertThat(values(new ConvOp.Conv2d(Geometry.of(1, 0)), x, w, bias)).containsExactly(6, 6, 6, 6);
        assertThat(values(new ConvOp.Conv2d(Geometry.of(1, 1)), x, w))
                .containsExactly(-1, -2, -3, 0, -4, -4, -4, 3, -7, -4, -4, 6, 0, 7, 8, 9);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void followsTheDefinition(Geometry g, int[] xDims, int[] wDims) {
        Tensor x = random(1, xDims);
        Tensor w = random(2, wDims);
        Tensor bias = random(3, wDims[0]);
        Tensor y = one(new ConvOp.Conv2d(g), x, w, bias);
        for (int n = 0; n < xDims[0]; n++) {
            for (int o = 0; o < wDims[0]; o++) {
                for (int i = 0; i < y.size(2); i++) {
                    for (int j = 0; j < y.size(3); j++) {
                        assertThat(y.get(n, o, i, j)).isCloseTo(direct(g, x, w, bias, n, o, i, j), within(1e-12));
                    }
                }
            }
        }
    }

    private static double direct(Geometry g, Tensor x, Tensor w, Tensor bias, int n, int o, int i, int j) {
        int group = o / (w.size(0) / g.groups());
        double sum = bias.get(o);
        for (int c = 0; c < w.size(1); c++) {
            for (int p = 0; p < w.size(2); p++) {
                for (int q = 0; q < w.size(3); q++) {
                    int row = i * g.strideH() - g.paddingH() + p * g.dilationH();
                    int col = j * g.strideW() - g.paddingW() + q * g.dilationW();
                    boolean inside = row >= 0 && row < x.size(2) && col >= 0 && col < x.size(3);
                    sum += inside ? w.get(o, c, p, q) * x.get(n, group * w.size(1) + c, row, col) : 0;
                }
            }
        }
        return sum;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreTheAdjoints(Geometry g, int[] xDims, int[] wDims) {
        Tensor x = random(4, xDims);
        Tensor w = random(5, wDims);
        Tensor y = one(new ConvOp.Conv2d(g), x, w);
        Tensor gradOut = random(6, y.shape().dims());
        double form = dot(gradOut.toHost().doubles(), y.toHost().doubles());
        double[] dx = values(new ConvOp.Conv2dInputGrad(g, xDims[2], xDims[3]), gradOut, w);
        assertThat(dot(dx, x.toHost().doubles())).isCloseTo(form, within(1e-10));
        double[] dw = values(new ConvOp.Conv2dWeightGrad(g, wDims[2], wDims[3]), gradOut, x);
        assertThat(dot(dw, w.toHost().doubles())).isCloseTo(form, within(1e-10));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientsAreTheFiniteDifferences(Geometry g, int[] xDims, int[] wDims) {
        Tensor x = random(7, xDims);
        Tensor w = random(8, wDims);
        ConvOp conv = new ConvOp.Conv2d(g);
        Tensor gradOut = random(9, one(conv, x, w).shape().dims());
        assertThat(values(new ConvOp.Conv2dInputGrad(g, xDims[2], xDims[3]), gradOut, w))
                .containsExactly(KernelProbe.numericGradient(conv, 0, gradOut, 0, x, w), within(1e-7));
        assertThat(values(new ConvOp.Conv2dWeightGrad(g, wDims[2], wDims[3]), gradOut, x))
                .containsExactly(KernelProbe.numericGradient(conv, 0, gradOut, 1, x, w), within(1e-7));
    }

    @Test
    void aHugeDilationDoesNotFit() {
        ConvOp conv = new ConvOp.Conv2d(Geometry.of(1, 0, 1 << 30, 1));
        assertThatThrownBy(() -> one(conv, Tensor.ones(1, 1, 4, 4), Tensor.ones(1, 1, 3, 3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("conv2d: expects a kernel that fits into the padded input");
    }

    @Test
    void noImagesGiveAZeroWeightGradient() {
        Tensor gradOut = Tensor.zeros(DType.F64, 0, 2, 1, 1);
        Tensor x = Tensor.zeros(DType.F64, 0, 1, 2, 2);
        assertThat(values(new ConvOp.Conv2dWeightGrad(Geometry.of(1, 0), 2, 2), gradOut, x))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0);
    }
}
