package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.dot;
import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.run;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.PoolOp.Window;
import org.junit.jupiter.api.Test;

class PoolReferenceTest {
    private static final double NAN = Double.NaN;
    private static final double LOW = Double.NEGATIVE_INFINITY;

    private static Tensor counting(int h, int w) {
        double[] data = new double[h * w];
        for (int i = 0; i < data.length; i++) {
            data[i] = i + 1;
        }
        return Tensor.of(data, 1, 1, h, w);
    }

    @Test
    void maxPoolGivesValuesAndPlaneIndices() {
        Tensor x = Tensor.of(new double[] {1, 5, 2, 0, 3, 4, 9, 9, -1, -2, -8, -3, -4, -6, -7, -5}, 1, 1, 4, 4);
        Tensor[] y = run(new PoolOp.MaxPool2d(Window.of(2, 2, 0)), x);
        assertThat(y[0].toHost().doubles()).containsExactly(5, 9, -1, -3);
        assertThat(y[1].toHost().longs()).containsExactly(1, 6, 8, 11); // the first of two equal nines
    }

    @Test
    void paddingNeverWinsTheMaximum() {
        Tensor x = Tensor.of(new double[] {-1, -2, -3, -4}, 1, 1, 2, 2);
        assertThat(values(new PoolOp.MaxPool2d(Window.of(3, 2, 1)), x)).containsExactly(-1);
    }

    @Test
    void nanWinsTheMaximumAndMinusInfinityIsFound() {
        Tensor x = Tensor.of(new double[] {1, NAN, 7, LOW, LOW, LOW}, 1, 1, 1, 6);
        Window window = new Window(1, 3, 1, 3, 0, 0, false);
        Tensor[] y = run(new PoolOp.MaxPool2d(window), x);
        assertThat(y[0].toHost().doubles()).containsExactly(NAN, LOW);
        assertThat(y[1].toHost().longs()).containsExactly(1, 3);
    }

    @Test
    void ceilModeKeepsThePartialWindowThatStartsInside() {
        Window ceil = new Window(2, 2, 2, 2, 0, 0, true);
        assertThat(values(new PoolOp.MaxPool2d(ceil), counting(3, 3))).containsExactly(5, 6, 8, 9);
        Window padded = new Window(1, 2, 1, 3, 0, 1, true); // a third window would start at 5, in the right padding
        assertThat(one(new PoolOp.MaxPool2d(padded), counting(1, 5)).shape().dims())
                .containsExactly(1, 1, 1, 2);
    }

    @Test
    void averageCountsPaddingOrNot() {
        Window window = Window.of(2, 1, 1);
        Tensor x = Tensor.of(new double[] {4, 8}, 1, 1, 1, 2);
        assertThat(values(new PoolOp.AvgPool2d(window, true), x)).containsExactly(1, 3, 2, 1, 3, 2);
        assertThat(values(new PoolOp.AvgPool2d(window, false), x)).containsExactly(4, 6, 8, 4, 6, 8);
    }

    @Test
    void averageInCeilModeCountsNothingBeyondThePadding() {
        Window window = new Window(1, 3, 1, 2, 0, 1, true); // windows start at -1, 1, 3 of 4 elements
        Tensor x = Tensor.of(new double[] {3, 6, 9, 12}, 1, 1, 1, 4);
        assertThat(values(new PoolOp.AvgPool2d(window, true), x)).containsExactly(3, 9, 6); // last: 12 / 2
        assertThat(values(new PoolOp.AvgPool2d(window, false), x)).containsExactly(4.5, 9, 12);
    }

    @Test
    void adaptiveBinsOverlapWhereExtentsDoNotDivide() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5}, 1, 1, 1, 5);
        // bins [0, 2), [1, 4), [3, 5)
        assertThat(values(new PoolOp.AdaptiveAvgPool2d(1, 3), x)).containsExactly(1.5, 3, 4.5);
        Tensor[] y = run(new PoolOp.AdaptiveMaxPool2d(1, 3), x);
        assertThat(y[0].toHost().doubles()).containsExactly(2, 4, 5);
        assertThat(y[1].toHost().longs()).containsExactly(1, 3, 4);
        // more bins than elements: [0, 1), [0, 1), [1, 2), [1, 2)
        Tensor two = Tensor.of(new double[] {1, 2}, 1, 1, 1, 2);
        assertThat(values(new PoolOp.AdaptiveAvgPool2d(1, 4), two)).containsExactly(1, 1, 2, 2);
    }

    @Test
    void backwardOfMaxAddsWhereWindowsShareTheirMaximum() {
        Tensor x = Tensor.of(new double[] {0, 9, 0}, 1, 1, 1, 3);
        Tensor[] y = run(new PoolOp.MaxPool2d(new Window(1, 2, 1, 1, 0, 0, false)), x);
        Tensor g = Tensor.of(new double[] {2, 3}, 1, 1, 1, 2);
        assertThat(values(new PoolOp.MaxPool2dBackward(1, 3), g, y[1])).containsExactly(0, 5, 0);
    }

    @Test
    void gradientsAreTheFiniteDifferences() {
        Tensor x = random(1, 2, 2, 5, 7);
        Window window = new Window(3, 2, 2, 3, 1, 1, true);
        PoolOp max = new PoolOp.MaxPool2d(window);
        Tensor[] y = run(max, x);
        Tensor g = random(2, y[0].shape().dims());
        assertThat(values(new PoolOp.MaxPool2dBackward(5, 7), g, y[1]))
                .containsExactly(KernelProbe.numericGradient(max, 0, g, 0, x), within(1e-8));
        for (boolean pad : new boolean[] {true, false}) {
            assertThat(values(new PoolOp.AvgPool2dBackward(window, pad, 5, 7), g))
                    .containsExactly(
                            KernelProbe.numericGradient(new PoolOp.AvgPool2d(window, pad), 0, g, 0, x), within(1e-8));
        }
    }

    @Test
    void adaptiveGradientIsTheAdjoint() {
        Tensor x = random(3, 1, 3, 5, 4);
        Tensor y = one(new PoolOp.AdaptiveAvgPool2d(3, 7), x);
        Tensor g = random(4, 1, 3, 3, 7);
        double[] dx = values(new PoolOp.AdaptiveAvgPool2dBackward(5, 4), g);
        assertThat(dot(dx, x.toHost().doubles()))
                .isCloseTo(dot(g.toHost().doubles(), y.toHost().doubles()), within(1e-12));
    }

    @Test
    void indicesOutsideThePlaneAreAnError() {
        Tensor index = Tensor.of(new long[] {4}, 1, 1, 1, 1);
        assertThatThrownBy(() -> one(new PoolOp.MaxPool2dBackward(2, 2), Tensor.ones(1, 1, 1, 1), index))
                .isInstanceOf(OpException.class)
                .hasMessage("max_pool2d_backward: expects indices in [0, 4), got 4");
        assertThatThrownBy(() -> Engine.one(new PoolOp.MaxPool2dBackward(2, 2), Tensor.ones(1, 1, 1, 1), index))
                .isInstanceOf(OpException.class);
    }

    @Test
    void hugeStridesDoNotOverflow() {
        Window window = new Window(2, 2, Integer.MAX_VALUE, Integer.MAX_VALUE, 0, 0, true);
        assertThat(values(new PoolOp.MaxPool2d(window), counting(2, 2))).containsExactly(4);
    }

    @Test
    void emptyBatchesGiveEmptyResultsAndEmptyPlanesAnError() {
        Tensor none = Tensor.zeros(DType.F64, 0, 3, 4, 4);
        assertThat(one(new PoolOp.MaxPool2d(Window.of(2, 2, 0)), none).shape().dims())
                .containsExactly(0, 3, 2, 2);
        assertThat(one(new PoolOp.AdaptiveAvgPool2d(1, 1), none).shape().dims()).containsExactly(0, 3, 1, 1);
        assertThatThrownBy(() -> one(new PoolOp.MaxPool2d(Window.of(2, 1, 1)), Tensor.zeros(1, 1, 0, 4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("max_pool2d");
    }
}
