package dev.retort.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

/// Weights, single samples and limits of the losses; the numbers are PyTorch's or follow from the formula.
class LossEdgesTest {
    private static Tensor of(double... values) {
        return Tensor.of(values);
    }

    @Test
    void aPositiveWeightCountsThePositivePart() {
        Tensor z = of(0.5, -2, 30, -30, 1, 0).reshape(3, 2);
        Tensor y = of(1, 0, 0, 1, 0.25, 0.5).reshape(3, 2);
        Tensor w = of(3, 0.5);
        double expected = 0;
        for (int i = 0; i < 6; i++) {
            double p = 1 / (1 + Math.exp(-z.get(i / 2, i % 2)));
            double t = y.get(i / 2, i % 2);
            double q = 1 / (1 + Math.exp(z.get(i / 2, i % 2)));
            expected -= w.get(i % 2) * t * Math.log(p) + (1 - t) * Math.log(q);
        }
        assertThat(Losses.bceWithLogits(z, y, w).mean().item()).isCloseTo(expected / 6, within(1e-12));
        double plain = Losses.bceWithLogits(z, y).mean().item();
        assertThat(Losses.bceWithLogits(z, y, Tensor.ones(DType.F64, 2)).mean().item())
                .isCloseTo(plain, within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "bce",
                        in -> new Tensor[] {
                            Losses.bceWithLogits(in[0], in[1], w).sum()
                        },
                        z,
                        y)
                .verify();
    }

    @Test
    void smoothL1WithoutAParabolaIsL1() {
        Tensor x = of(0, 1, -3, 0.25);
        Tensor y = of(0, 0, 0, 0.5);
        assertThat(Losses.smoothL1(x, y, 0).mean().item()).isEqualTo(4.25 / 4);
        assertThatThrownBy(() -> Losses.smoothL1(x, y, -1)).isInstanceOf(OpException.class);
    }

    @Test
    void huberIsAParabolaWithStraightArms() {
        Tensor x = of(0.5, 3, -4);
        Tensor y = of(0, 0, 0);
        assertThat(Losses.huber(x, y, 2).mean().item()).isCloseTo((0.125 + 2 * 2 + 2 * 3) / 3, within(1e-15));
        assertThatThrownBy(() -> Losses.huber(x, y, 0)).hasMessageContaining("huber: expects delta > 0");
    }

    @Test
    void tripletsWithinTheMarginCost() {
        Tensor a = of(0, 0, 0, 0).reshape(2, 2);
        Tensor p = of(3, 4, 0, 1).reshape(2, 2);
        Tensor n = of(0, 6, 0, 9).reshape(2, 2);
        assertThat(Losses.tripletMargin(a, p, n, 2).mean().item()).isCloseTo(0.5, within(1e-5)); // 5 − 6 + 2, 0
        assertThatThrownBy(() -> Losses.tripletMargin(a, p, of(1), 1)).hasMessageContaining("triplet_margin");
        GradCheck.defaults()
                .firstOrder(
                        "triplet",
                        in -> new Tensor[] {
                            Losses.tripletMargin(a, in[0], in[1], 2).sum()
                        },
                        p,
                        n)
                .verify();
    }

    @Test
    void gaussianLikelihoodByHand() {
        Tensor x = of(1, 2);
        Tensor y = of(3, 2);
        Tensor v = of(4, 0.5);
        double expected = (0.5 * (Math.log(4) + 1) + 0.5 * Math.log(0.5)) / 2;
        assertThat(Losses.gaussianNll(x, y, v).mean().item()).isCloseTo(expected, within(1e-15));
        assertThat(Losses.gaussianNll(x, x, of(0, 1)).sum().item()).isCloseTo(0.5 * Math.log(1e-6), within(1e-12));
        assertThatThrownBy(() -> Losses.gaussianNll(x, y, of(1))).hasMessageContaining("gaussian_nll");
        GradCheck.defaults()
                .firstOrder(
                        "gaussian",
                        in -> new Tensor[] {
                            Losses.gaussianNll(in[0], in[1], in[2]).sum()
                        },
                        x,
                        y,
                        v)
                .verify();
    }

    @Test
    void crossEntropyOfOneSampleWithoutABatch() {
        Tensor logits = of(1, 2, 4);
        Tensor row = logits.reshape(1, 3);
        double expected =
                Losses.crossEntropy(row, Tensor.of(new long[] {1})).mean().item();
        assertThat(Losses.crossEntropy(logits, Tensor.scalar(DType.I64, 1))
                        .mean()
                        .item())
                .isEqualTo(expected);
        Tensor p = of(0.2, 0.3, 0.5);
        assertThat(Losses.crossEntropy(logits, p).mean().item())
                .isEqualTo(Losses.crossEntropy(row, p.reshape(1, 3)).mean().item());
    }

    @Test
    void targetsOfAnotherShapeAreRefused() {
        Tensor logits = Tensor.zeros(2, 3, 4, 5);
        Tensor swapped = Tensor.zeros(DType.I64, 2, 5, 4);
        assertThatThrownBy(() -> Losses.crossEntropy(logits, swapped))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("class indices of shape [2, 4, 5]")
                .hasMessageContaining("I64[2, 5, 4]");
        assertThatThrownBy(() -> CrossEntropy.defaults().perRow(logits, swapped))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Losses.crossEntropy(Tensor.zeros(4, 3), Tensor.zeros(DType.I64, 2, 2)))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Losses.bceWithLogits(Tensor.zeros(4, 1), Tensor.zeros(4), Tensor.ones(1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("F32[4, 1]");
    }

    @Test
    void mapsWithoutSamplesHaveNoLoss() {
        Loss loss = Losses.crossEntropy(Tensor.zeros(0, 3, 4, 5), Tensor.zeros(DType.I64, 0, 4, 5));
        assertThat(loss.count()).isZero();
        assertThat(loss.mean().item()).isZero();
    }

    @Test
    void classWeightsKeepTheirPrecision() {
        double third = 1.0 / 3;
        Loss loss = CrossEntropy.defaults()
                .withClassWeights(of(third, 0.7))
                .of(of(0, 0, 0, 0).reshape(2, 2), Tensor.of(new long[] {0, 1}));
        assertThat(loss.count()).isEqualTo(third + 0.7);
        assertThat(loss.mean().item()).isCloseTo(Math.log(2), within(1e-15));
    }

    @Test
    void saturatedProbabilitiesHaveFiniteGradients() {
        Tensor p = of(0, 1, 0, 1, 1e-30).requiresGrad(true);
        new BCELoss().of(p, of(0, 1, 1, 0, 1)).sum().backward();
        assertThat(p.grad().toDoubles()).containsExactly(1, -1, -1e12, 1e12, -1e12);
        assertThat(new BCELoss().each(p, of(0, 1, 1, 0, 1)).toDoubles())
                .containsExactly(new double[] {0, 0, 100, 100, -Math.log(1e-30)}, within(1e-12));
    }

    /// Label 2 against class 1 and 0, twice each.
    @Test
    void aLabelThatIsNamedTwiceCountsTwice() {
        Tensor x = of(0.5, 0.25, 1);
        double once = new MultiLabelMarginLoss()
                .of(x, Tensor.of(new long[] {2, -1, 0}))
                .sum()
                .item();
        double twice = new MultiLabelMarginLoss()
                .of(x, Tensor.of(new long[] {2, 2, -1}))
                .sum()
                .item();
        assertThat(once).isCloseTo((0.5 + 0.25) / 3, within(1e-15));
        assertThat(twice).isCloseTo(2 * once, within(1e-15));
    }
}
