package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.numericGradient;
import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.run;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NormReferenceTest {
    private static final Offset<Double> EXACT = within(1e-14);
    private static final Offset<Double> NUMERIC = within(1e-7);

    private static void isClose(Tensor actual, Offset<Double> tolerance, double... expected) {
        assertThat(actual.toHost().doubles()).containsExactly(expected, tolerance);
    }

    @Test
    void batchNormTakesStatisticsOfEachChannel() {
        // channel 0: 1, 3, 5, 7 (mean 4, variance 5); channel 1: 2, 2, 2, 6 (mean 3, variance 3)
        Tensor x = Tensor.of(new double[] {1, 3, 2, 2, 5, 7, 2, 6}, 2, 2, 2);
        Tensor weight = Tensor.of(new double[] {1, 2});
        Tensor bias = Tensor.of(new double[] {0, 10});
        Tensor[] y = run(new NormOp.BatchNorm(4), x, weight, bias); // √(5 + 4) = 3, √(3 + 4)
        isClose(y[1], EXACT, 4, 3);
        isClose(y[2], EXACT, 5, 3);
        double s = 2 / Math.sqrt(7);
        isClose(y[0], EXACT, -1, -1.0 / 3, 10 - s, 10 - s, 1.0 / 3, 1, 10 - s, 10 + 3 * s);
    }

    @Test
    void batchNormEvalUsesTheGivenStatistics() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2);
        Tensor mean = Tensor.of(new double[] {1, 0});
        Tensor var = Tensor.of(new double[] {3, 0});
        isClose(one(new NormOp.BatchNormEval(1), x, mean, var), EXACT, 0, 2, 1, 4);
        Tensor weight = Tensor.of(new double[] {10, -1});
        Tensor bias = Tensor.of(new double[] {1, 1});
        isClose(one(new NormOp.BatchNormEval(1), x, mean, var, weight, bias), EXACT, 1, -1, 11, -3);
    }

    @Test
    void layerNormTakesStatisticsOfTheTrailingDimensions() {
        Tensor x = Tensor.of(new double[] {1, 3, 5, 7, 0, 0, 0, 0}, 2, 2, 2);
        Tensor weight = Tensor.of(new double[] {3, 3, 3, 6}, 2, 2);
        Tensor bias = Tensor.of(new double[] {0, 0, 0, 1}, 2, 2);
        Tensor[] y = run(new NormOp.LayerNorm(2, 4), x, weight, bias);
        isClose(y[0], EXACT, -3, -1, 1, 7, 0, 0, 0, 1);
        isClose(y[1], EXACT, 4, 0);
        isClose(y[2], EXACT, 1.0 / 3, 0.5);
        assertThat(y[1].shape().dims()).containsExactly(2);
    }

    @Test
    void groupNormWithOneGroupIsLayerNormAndWithAllChannelsInstanceNorm() {
        Tensor x = random(1, 3, 4, 5);
        double[] layer = values(new NormOp.LayerNorm(2, 1e-3), x);
        assertThat(values(new NormOp.GroupNorm(1, 1e-3), x)).containsExactly(layer, EXACT);
        double[] instance = values(new NormOp.LayerNorm(1, 1e-3), x);
        assertThat(values(new NormOp.GroupNorm(4, 1e-3), x)).containsExactly(instance, EXACT);
    }

    @Test
    void groupNormScalesByChannel() {
        Tensor x = Tensor.of(new double[] {1, 3, 5, 7, 1, 3, 5, 7}, 1, 4, 2);
        Tensor weight = Tensor.of(new double[] {3, 6, 9, 12});
        Tensor bias = Tensor.of(new double[] {0, 1, 2, 3});
        Tensor[] y = run(new NormOp.GroupNorm(2, 4), x, weight, bias);
        isClose(y[0], EXACT, -3, -1, 3, 7, -7, -1, 7, 15);
        isClose(y[1], EXACT, 4, 4);
    }

    @Test
    void rmsNormDividesByTheRootMeanSquare() {
        Tensor x = Tensor.of(new double[] {3, 4, 0, 0}, 2, 2);
        Tensor[] y = run(new NormOp.RmsNorm(1, 3.5), x, Tensor.of(new double[] {4, 8}));
        isClose(y[0], EXACT, 3, 8, 0, 0); // √(25/2 + 3.5) = 4
        isClose(y[1], EXACT, 0.25, 1 / Math.sqrt(3.5));
    }

    @Test
    void aLargeMeanDoesNotSpoilTheVariance() {
        Tensor x = Tensor.of(new double[] {1e9 + 1, 1e9 + 3, 1e9 + 5, 1e9 + 7}, 1, 4);
        isClose(run(new NormOp.LayerNorm(1, 4), x)[0], EXACT, -1, -1.0 / 3, 1.0 / 3, 1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void batchNormGradients(boolean affine) {
        NormOp op = new NormOp.BatchNorm(1e-2);
        Tensor x = random(1, 3, 2, 2, 2);
        Tensor weight = affine ? random(2, 2) : Tensor.ones(DType.F64, 2);
        Tensor bias = random(3, 2);
        Tensor g = random(4, 3, 2, 2, 2);
        Tensor[] y = run(op, x, weight, bias);
        NormOp backward = new NormOp.BatchNormBackward(1e-2);
        Tensor[] d = affine ? run(backward, g, x, y[1], y[2], weight) : run(backward, g, x, y[1], y[2]);
        for (int i = 0; i < 3; i++) {
            isClose(d[i], NUMERIC, numericGradient(op, 0, g, i, x, weight, bias));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void layerNormGradients(boolean affine) {
        NormOp op = new NormOp.LayerNorm(2, 1e-2);
        Tensor x = random(1, 2, 2, 3, 2);
        Tensor weight = affine ? random(2, 3, 2) : Tensor.ones(DType.F64, 3, 2);
        Tensor bias = random(3, 3, 2);
        Tensor g = random(4, 2, 2, 3, 2);
        Tensor[] y = run(op, x, weight, bias);
        NormOp backward = new NormOp.LayerNormBackward(2);
        Tensor[] d = affine ? run(backward, g, x, y[1], y[2], weight) : run(backward, g, x, y[1], y[2]);
        for (int i = 0; i < 3; i++) {
            isClose(d[i], NUMERIC, numericGradient(op, 0, g, i, x, weight, bias));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void groupNormGradients(boolean affine) {
        NormOp op = new NormOp.GroupNorm(2, 1e-2);
        Tensor x = random(1, 2, 4, 3);
        Tensor weight = affine ? random(2, 4) : Tensor.ones(DType.F64, 4);
        Tensor bias = random(3, 4);
        Tensor g = random(4, 2, 4, 3);
        Tensor[] y = run(op, x, weight, bias);
        NormOp backward = new NormOp.GroupNormBackward(2);
        Tensor[] d = affine ? run(backward, g, x, y[1], y[2], weight) : run(backward, g, x, y[1], y[2]);
        for (int i = 0; i < 3; i++) {
            isClose(d[i], NUMERIC, numericGradient(op, 0, g, i, x, weight, bias));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rmsNormGradients(boolean affine) {
        NormOp op = new NormOp.RmsNorm(1, 1e-2);
        Tensor x = random(1, 4, 5);
        Tensor weight = affine ? random(2, 5) : Tensor.ones(DType.F64, 5);
        Tensor g = random(3, 4, 5);
        Tensor[] y = run(op, x, weight);
        NormOp backward = new NormOp.RmsNormBackward(1);
        Tensor[] d = affine ? run(backward, g, x, y[1], weight) : run(backward, g, x, y[1]);
        for (int i = 0; i < 2; i++) {
            isClose(d[i], NUMERIC, numericGradient(op, 0, g, i, x, weight));
        }
    }

    @Test
    void emptyBatchesOfRowsGiveEmptyResults() {
        assertThat(run(new NormOp.LayerNorm(1, 1e-5), Tensor.zeros(0, 3))[0]
                        .shape()
                        .dims())
                .containsExactly(0, 3);
        assertThat(run(new NormOp.GroupNorm(2, 1e-5), Tensor.zeros(0, 4, 2))[1]
                        .shape()
                        .dims())
                .containsExactly(0, 2);
        Tensor none = Tensor.zeros(DType.F64, 0, 3);
        isClose(
                run(
                        new NormOp.LayerNormBackward(1),
                        none,
                        none,
                        Tensor.zeros(DType.F64, 0),
                        Tensor.zeros(DType.F64, 0))[1],
                EXACT,
                0,
                0,
                0);
    }
}
