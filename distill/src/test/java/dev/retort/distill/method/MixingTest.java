package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MixingTest {
    private static double[] softmax(double[] z) {
        double max = Arrays.stream(z).max().orElseThrow();
        double[] f = Arrays.stream(z).map(x -> Math.exp(x - max)).toArray();
        double sum = Arrays.stream(f).sum();
        return Arrays.stream(f).map(x -> x / sum).toArray();
    }

    private static double loss(Mixing mixing, double[] z, double[] y, double alpha, double[] listed) {
        return mixing.crossEntropy(
                        Tensor.of(z, 1, z.length),
                        Tensor.of(y, 1, y.length),
                        Tensor.of(new double[] {alpha}, 1),
                        Tensor.of(listed, 1, listed.length))
                .item();
    }

    private static double[] logits(double[] probabilities) {
        return Arrays.stream(probabilities).map(Math::log).toArray();
    }

    @Test
    void handNumbers() {
        double[] f = {.5, .3, .15, .05};
        double[] listed = {1, 1, 1, 0};
        double[] hard = {0, 1, 0, 0};
        // m = .8·.3 + .2·.7 = .38; with s = 2: .24 + .07 = .31; unlisted: .8·.05 = .04
        assertThat(loss(Mixing.RAW, logits(f), hard, .8, listed)).isCloseTo(-Math.log(.38), within(1e-12));
        assertThat(loss(Mixing.NORMALISED, logits(f), hard, .8, listed)).isCloseTo(-Math.log(.31), within(1e-12));
        assertThat(loss(Mixing.RAW, logits(f), new double[] {0, 0, 0, 1}, .8, listed))
                .isCloseTo(-Math.log(.04), within(1e-12));
        double soft = -.6 * Math.log(.8 * .5 + .2 * .5) - .4 * Math.log(.8 * .15 + .2 * .85);
        assertThat(loss(Mixing.RAW, logits(f), new double[] {.6, 0, .4, 0}, .8, listed))
                .isCloseTo(soft, within(1e-12));
    }

    @ParameterizedTest
    @EnumSource
    void atAlphaOneItIsCrossEntropyEvenForHopelessLogits(Mixing mixing) {
        double[] z = {800, 0, -5};
        assertThat(loss(mixing, z, new double[] {0, 1, 0}, 1, new double[] {1, 1, 0}))
                .isEqualTo(800);
        assertThat(loss(mixing, z, new double[] {0, 1, 0}, 1, new double[] {0, 0, 0}))
                .isEqualTo(800);
    }

    @Test
    void aListedClassIsClampedAndStaysFinite() {
        // α = 1 − 1e-12: the listed class has m = 1e-12, below the floor.
        double value = loss(Mixing.RAW, new double[] {900, 0}, new double[] {0, 1}, 1 - 1e-12, new double[] {1, 1});
        assertThat(value).isCloseTo(-Math.log(1e-7), within(1e-9));
        assertThat(loss(Mixing.NORMALISED, new double[] {1, 2, 3}, new double[] {1, 0, 0}, 0, new double[] {1, 1, 0}))
                .as("α = 0 without a lower bound")
                .isFinite();
    }

    @Test
    void withTwoClassesBothOperatorsAreTheSame() {
        double[] z = {.3, -1.1};
        for (double alpha : new double[] {.5, .7, 1}) {
            assertThat(loss(Mixing.RAW, z, new double[] {.2, .8}, alpha, new double[] {1, 1}))
                    .isEqualTo(loss(Mixing.NORMALISED, z, new double[] {.2, .8}, alpha, new double[] {1, 1}));
        }
    }

    @ParameterizedTest
    @EnumSource
    void closedFormGradientEqualsFiniteDifferences(Mixing mixing) {
        Rng rng = new Rng(11);
        for (int trial = 0; trial < 20; trial++) {
            int classes = 3 + rng.nextInt(4);
            int k = 2 + rng.nextInt(classes - 1);
            double alpha = .5 + .5 * rng.nextDouble();
            double[] z = new double[classes];
            double[] noise = new double[classes];
            double[] listed = new double[classes];
            for (int j = 0; j < classes; j++) {
                z[j] = rng.nextGaussian();
                noise[j] = rng.nextGaussian();
                listed[j] = j < k ? 1 : 0;
            }
            double[] y = softmax(noise);
            double[] gradient = gradient(mixing, z, y, alpha, listed, k);
            for (int j = 0; j < classes; j++) {
                double[] up = z.clone();
                double[] down = z.clone();
                up[j] += 1e-5;
                down[j] -= 1e-5;
                double numeric = (loss(mixing, up, y, alpha, listed) - loss(mixing, down, y, alpha, listed)) / 2e-5;
                assertThat(gradient[j]).as("trial %d", trial).isCloseTo(numeric, within(1e-8));
            }
        }
    }

    /// The formula of the class comment.
    static double[] gradient(Mixing mixing, double[] z, double[] y, double alpha, double[] listed, int k) {
        double[] f = softmax(z);
        double s = mixing == Mixing.RAW ? 1 : k - 1;
        double[] byF = new double[z.length];
        double inner = 0;
        for (int j = 0; j < z.length; j++) {
            double m = alpha * f[j] + (1 - alpha) * (1 - f[j]) * listed[j] / s;
            byF[j] = -y[j] / m * (alpha - (1 - alpha) * listed[j] / s);
            inner += byF[j] * f[j];
        }
        double[] out = new double[z.length];
        for (int j = 0; j < z.length; j++) {
            out[j] = f[j] * (byF[j] - inner);
        }
        return out;
    }

    /// With the truth in the list, the normalised mix of the truth is the expected noisy label.
    @Test
    void normalisedMixOfTheTruthIsTheExpectedTeacherLabel() {
        double[] truth = {90, 0, 0, 0, 0};
        double[] m = Mixing.NORMALISED
                .logMix(
                        Tensor.of(truth, 1, 5),
                        Tensor.of(new double[] {.7}, 1),
                        Tensor.of(new double[] {1, 1, 1, 1, 0}, 1, 5))
                .exp()
                .toDoubles();
        assertThat(m[0]).isCloseTo(.7, within(1e-7));
        assertThat(m[1]).isCloseTo(.1, within(1e-7));
        assertThat(m[4]).isCloseTo(0, within(1e-7));
        assertThat(Arrays.stream(m).sum()).isCloseTo(1, within(1e-6));
    }

    /// Expected loss of the student `f` at a point with true class 0 and the k first classes listed.
    private static double risk(Mixing mixing, double[] z, double alpha, int k) {
        double[] expected = new double[z.length];
        double[] listed = new double[z.length];
        for (int j = 0; j < k; j++) {
            expected[j] = j == 0 ? alpha : (1 - alpha) / (k - 1);
            listed[j] = 1;
        }
        return loss(mixing, z, expected, alpha, listed);
    }

    @ParameterizedTest
    @CsvSource({
        "NORMALISED, .26, 4",
        "NORMALISED, .6, 3",
        "NORMALISED, .51, 2",
        "RAW, .5, 5",
        "RAW, .55, 3",
        "RAW, .9, 2",
    })
    void theTruthMinimisesTheExpectedLoss(Mixing mixing, double alpha, int k) {
        double[] truth = {30, 0, 0, 0, 0, 0};
        double best = risk(mixing, truth, alpha, k);
        Rng rng = new Rng(5);
        for (int trial = 0; trial < 300; trial++) {
            double[] other = new double[6];
            for (int j = 0; j < 6; j++) {
                other[j] = 4 * rng.nextGaussian();
            }
            assertThat(risk(mixing, other, alpha, k)).isGreaterThanOrEqualTo(best - 1e-9);
        }
        for (int j = 1; j < 6; j++) {
            double[] corner = new double[6];
            corner[j] = 30;
            assertThat(risk(mixing, corner, alpha, k)).isGreaterThanOrEqualTo(best - 1e-9);
        }
    }

    @ParameterizedTest
    @CsvSource({"RAW, .45, 5", "NORMALISED, .15, 5"})
    void belowTheBoundMassOutsideTheListIsRewarded(Mixing mixing, double alpha, int k) {
        double[] truth = {30, 0, 0, 0, 0, 0};
        double[] unlisted = {29, 0, 0, 0, 0, 30};
        assertThat(risk(mixing, unlisted, alpha, k)).isLessThan(risk(mixing, truth, alpha, k));
    }

    /// Three points, labels averaged over the noise: vanilla distillation gets the first one wrong,
    /// mixing does not.
    @Test
    void mixingLearnsWhatVanillaDistillationCannot() {
        double[][] x = {{.2, .9}, {.9, -.3}, {-.2, .9}};
        double[] mass = {.1, .3, .6};
        double[] alpha = {.55, .95, .98};
        double[] truth = {1, 1, 0};
        double[] vanilla = train(x, mass, truth, alpha, false);
        double[] mixed = train(x, mass, truth, alpha, true);
        assertThat(vanilla[0]).isCloseTo(.301, within(2e-3));
        assertThat(vanilla[1]).isCloseTo(.990, within(2e-3));
        assertThat(vanilla[2]).isCloseTo(.068, within(2e-3));
        assertThat(mixed[0]).isGreaterThan(.95);
        assertThat(mixed[1]).isGreaterThan(.95);
        assertThat(mixed[2]).isLessThan(.05);
    }

    /// Full-batch gradient descent of a logistic student without bias; the gradient is that of
    /// [#gradient].
    private static double[] train(double[][] x, double[] mass, double[] truth, double[] alpha, boolean mixing) {
        double[] w = new double[2];
        for (int step = 0; step < 1_000_000; step++) {
            double[] move = new double[2];
            for (int i = 0; i < 3; i++) {
                double f = 1 / (1 + Math.exp(-(w[0] * x[i][0] + w[1] * x[i][1])));
                double label = alpha[i] * truth[i] + (1 - alpha[i]) * (1 - truth[i]);
                double sharpness = 2 * alpha[i] - 1;
                double m = sharpness * f + 1 - alpha[i];
                double slope = mixing ? (m - label) / (m * (1 - m)) * sharpness * f * (1 - f) : f - label;
                move[0] += mass[i] * slope * x[i][0];
                move[1] += mass[i] * slope * x[i][1];
            }
            w[0] -= 2 * move[0];
            w[1] -= 2 * move[1];
        }
        return Arrays.stream(x)
                .mapToDouble(p -> 1 / (1 + Math.exp(-(w[0] * p[0] + w[1] * p[1]))))
                .toArray();
    }

    /// The slope used in [#train] is the two-class case of the operator.
    @Test
    void theLogisticSlopeIsTheTwoClassCase() {
        double margin = .7;
        double alpha = .8;
        double label = .65;
        double[] g = gradient(
                Mixing.RAW, new double[] {margin, 0}, new double[] {label, 1 - label}, alpha, new double[] {1, 1}, 2);
        double f = 1 / (1 + Math.exp(-margin));
        double m = .6 * f + .2;
        assertThat(g[0]).isCloseTo((m - label) / (m * (1 - m)) * .6 * f * (1 - f), within(1e-12));
    }

    @ParameterizedTest
    @EnumSource
    void floatsAreCloseToDoubles(Mixing mixing) {
        Rng rng = new Rng(2);
        double[] z = new double[40];
        double[] listed = new double[40];
        for (int i = 0; i < 40; i++) {
            z[i] = 5 * rng.nextGaussian();
            listed[i] = i % 10 < 4 ? 1 : 0;
        }
        Tensor logits = Tensor.of(z, 4, 10);
        Tensor alpha = Tensor.of(new double[] {.5, .8, .99, 1}, 4);
        Tensor mask = Tensor.of(listed, 4, 10);
        double[] exact = mixing.logMix(logits, alpha, mask).toDoubles();
        double[] single = mixing.logMix(logits.to(DType.F32), alpha, mask).toDoubles();
        for (int i = 0; i < 40; i++) {
            assertThat(single[i]).isCloseTo(exact[i], within(2e-5 * Math.max(1, Math.abs(exact[i]))));
        }
    }
}
