package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.numericGradient;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.run;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LossReferenceTest {
    private static final Offset<Double> EXACT = within(1e-14);
    private static final Offset<Double> NUMERIC = within(1e-8);
    private static final double LN = Math.log(6);

    /// Logits whose softmax is (1, 2, 3)/6 in the first row and (3, 2, 1)/6 in the second.
    private static Tensor logits() {
        double[] z = {Math.log(1), Math.log(2), Math.log(3), Math.log(3) + 5, Math.log(2) + 5, Math.log(1) + 5};
        return Tensor.of(z, 2, 3);
    }

    private static void isClose(Tensor actual, Offset<Double> tolerance, double... expected) {
        assertThat(actual.toHost().doubles()).containsExactly(expected, tolerance);
    }

    @Test
    void crossEntropyIsTheNegativeLogLikelihood() {
        Tensor[] y = run(new LossOp.CrossEntropy(0, -100), logits(), Tensor.of(new long[] {2, 0}));
        isClose(y[0], EXACT, Math.log(2), Math.log(2));
        isClose(y[1], EXACT, LN, LN + 5);
    }

    @Test
    void crossEntropyWithSmoothingAndWeights() {
        Tensor weight = Tensor.of(new double[] {1, 10, 100});
        Tensor[] y = run(new LossOp.CrossEntropy(0.3, -100), logits(), Tensor.of(new int[] {1, 0}), weight);
        double a = Math.log(6);
        double b = Math.log(3);
        double c = Math.log(2);
        isClose(y[0], within(1e-12), 7 * b + 0.1 * (a + 10 * b + 100 * c), 0.7 * c + 0.1 * (c + 10 * b + 100 * a));
    }

    @Test
    void ignoredRowsGiveNoLossAndNoGradient() {
        Tensor classes = Tensor.of(new long[] {-100, 0});
        Tensor[] y = run(new LossOp.CrossEntropy(0.1, -100), logits(), classes);
        assertThat(y[0].toHost().doubles()[0]).isZero();
        Tensor g = Tensor.of(new double[] {1, 1});
        double[] dz = values(new LossOp.CrossEntropyBackward(0.1, -100), g, logits(), classes, y[1]);
        assertThat(dz[0]).isZero();
        assertThat(dz[2]).isZero();
        assertThat(dz[3]).isNotZero();
    }

    @Test
    void anIgnoredClassInsideTheRangeIsIgnored() {
        Tensor[] y = run(new LossOp.CrossEntropy(0, 2), logits(), Tensor.of(new long[] {2, 0}));
        isClose(y[0], EXACT, 0, Math.log(2));
    }

    @Test
    void classesOutOfRangeAreAnError() {
        assertThatThrownBy(() -> run(new LossOp.CrossEntropy(0, -100), logits(), Tensor.of(new long[] {0, 3})))
                .isInstanceOf(OpException.class)
                .hasMessage("cross_entropy: expects classes in [0, 3) or ignoreIndex = -100, got 3 in row 1");
    }

    @Test
    void largeAndMaskedLogitsStayFinite() {
        double low = Double.NEGATIVE_INFINITY;
        Tensor z = Tensor.of(new double[] {1e300, 0, 0, 1, 1, low}, 2, 3);
        Tensor[] y = run(new LossOp.CrossEntropy(0, -100), z, Tensor.of(new long[] {0, 1}));
        isClose(y[0], EXACT, 0, Math.log(2));
        Tensor g = Tensor.of(new double[] {1, 1});
        double[] dz = values(new LossOp.CrossEntropyBackward(0, -100), g, z, Tensor.of(new long[] {0, 1}), y[1]);
        assertThat(dz).containsExactly(new double[] {0, 0, 0, 0.5, -0.5, 0}, EXACT);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.2})
    void crossEntropyGradients(double smoothing) {
        Tensor z = random(1, 4, 5);
        Tensor classes = Tensor.of(new long[] {4, 0, -1, 2});
        Tensor weight = Tensor.of(new double[] {0.5, 2, 0, 1, 3});
        Tensor g = random(2, 4);
        LossOp op = new LossOp.CrossEntropy(smoothing, -1);
        LossOp backward = new LossOp.CrossEntropyBackward(smoothing, -1);
        assertThat(values(backward, g, z, classes, run(op, z, classes)[1]))
                .containsExactly(numericGradient(op, 0, g, 0, z, classes), NUMERIC);
        assertThat(values(backward, g, z, classes, run(op, z, classes, weight)[1], weight))
                .containsExactly(numericGradient(op, 0, g, 0, z, classes, weight), NUMERIC);
    }

    @Test
    void softCrossEntropyOfOneHotTargetsIsCrossEntropy() {
        Tensor target = Tensor.of(new double[] {0, 0, 1, 1, 0, 0}, 2, 3);
        isClose(run(new LossOp.SoftCrossEntropy(), logits(), target)[0], EXACT, Math.log(2), Math.log(2));
    }

    @Test
    void softCrossEntropyGradients() {
        Tensor z = random(1, 3, 4);
        Tensor target = random(2, 3, 4); // need not be a distribution
        Tensor g = random(3, 3);
        LossOp op = new LossOp.SoftCrossEntropy();
        Tensor[] d = run(new LossOp.SoftCrossEntropyBackward(), g, z, target, run(op, z, target)[1]);
        isClose(d[0], NUMERIC, numericGradient(op, 0, g, 0, z, target));
        isClose(d[1], NUMERIC, numericGradient(op, 0, g, 1, z, target));
    }

    @Test
    void klDivergenceIsZeroWhereTheTargetIs() {
        Tensor logQ = Tensor.of(new double[] {Math.log(0.5), Double.NEGATIVE_INFINITY, 1});
        Tensor p = Tensor.of(new double[] {0.25, 0, 0});
        LossOp.KlDiv op = new LossOp.KlDiv(false);
        assertThat(values(op, logQ, p)).containsExactly(new double[] {0.25 * Math.log(0.5), 0, 0}, EXACT);
        Tensor[] d = run(new LossOp.PointwiseBackward(op), Tensor.ones(DType.F64, 3), logQ, p);
        isClose(d[0], EXACT, -0.25, 0, 0);
        isClose(d[1], EXACT, Math.log(0.5) + 1, 0, 0);
    }

    @Test
    void pointwiseValues() {
        Tensor x = Tensor.of(new double[] {0, 1, -3, 2});
        Tensor y = Tensor.of(new double[] {0, 0.5, 1, 0});
        assertThat(values(new LossOp.Mse(), x, y)).containsExactly(0, 0.25, 16, 4);
        assertThat(values(new LossOp.L1(), x, y)).containsExactly(0, 0.5, 4, 2);
        assertThat(values(new LossOp.SmoothL1(2), x, y)).containsExactly(0, 0.0625, 3, 1);
        double two = Math.log1p(Math.exp(-2));
        assertThat(values(new LossOp.BceWithLogits(), x, y))
                .containsExactly(
                        new double[] {Math.log(2), 0.5 + Math.log1p(Math.exp(-1)), 3 + Math.log1p(Math.exp(-3)), 2 + two
                        },
                        EXACT);
    }

    @Test
    void binaryCrossEntropyStaysFiniteForLargeLogits() {
        Tensor x = Tensor.of(new double[] {1000, -1000});
        Tensor y = Tensor.of(new double[] {1, 1});
        assertThat(values(new LossOp.BceWithLogits(), x, y)).containsExactly(0, 1000);
    }

    static Stream<LossOp.Pointwise> pointwiseLosses() {
        return Stream.of(
                new LossOp.KlDiv(false),
                new LossOp.KlDiv(true),
                new LossOp.Mse(),
                new LossOp.L1(),
                new LossOp.SmoothL1(0.7),
                new LossOp.BceWithLogits());
    }

    @ParameterizedTest
    @MethodSource("pointwiseLosses")
    void pointwiseGradients(LossOp.Pointwise op) {
        Tensor x = random(1, 20);
        double[] positive = KernelProbe.normal(2, 20);
        for (int i = 0; i < positive.length; i++) {
            positive[i] = Math.abs(positive[i]) + 0.01;
        }
        Tensor y = Tensor.of(positive);
        Tensor g = random(3, 20);
        Tensor[] d = run(new LossOp.PointwiseBackward(op), g, x, y);
        isClose(d[0], NUMERIC, numericGradient(op, 0, g, 0, x, y));
        isClose(d[1], within(1e-5), numericGradient(op, 0, g, 1, x, y));
    }

    @Test
    void noRowsGiveNoLoss() {
        Tensor none = Tensor.zeros(DType.F64, 0, 3);
        assertThat(run(new LossOp.CrossEntropy(0, -100), none, Tensor.of(new long[0]))[0].numel())
                .isZero();
        assertThat(run(new LossOp.SoftCrossEntropy(), none, none)[0].numel()).isZero();
        assertThat(run(new LossOp.Mse(), none, none)[0].shape().dims()).containsExactly(0, 3);
    }
}
