package dev.retort.distill.theory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.theory.MarginHalfspace.Example;
import dev.retort.tensor.Rng;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HalfspaceTest {
    private static final int SEEDS = 8;

    @Test
    void pointsHaveLengthMarginAndNoise() {
        MarginHalfspace halfspace = MarginHalfspace.random(20, .2, .3, new Rng(1));
        Rng rng = new Rng(2);
        int flipped = 0;
        for (int i = 0; i < 4000; i++) {
            Example example = halfspace.draw(rng);
            double side = MarginHalfspace.dot(halfspace.target(), example.x());
            assertThat(MarginHalfspace.dot(example.x(), example.x())).isCloseTo(1, within(1e-12));
            assertThat(Math.abs(side)).isGreaterThanOrEqualTo(.2);
            assertThat(example.truth()).isEqualTo(side > 0 ? 1 : -1);
            flipped += example.label() != example.truth() ? 1 : 0;
        }
        assertThat(flipped / 4000.0).isCloseTo(.3, within(.03));
    }

    private static double meanError(HalfspaceRule rule, double margin, double noise, int steps) {
        double sum = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            MarginHalfspace halfspace = MarginHalfspace.random(20, margin, noise, new Rng(seed));
            sum += new HalfspaceLearning(rule, steps)
                    .run(halfspace, 200, 400, new Rng(seed).fork(9))
                    .meanError();
        }
        return sum / SEEDS;
    }

    /// The mean error of the iterates keeps below the bound, and falls with the number of samples.
    @ParameterizedTest
    @CsvSource({".2, .1", ".2, .4", ".1, .1", ".1, .4"})
    void slamKeepsBelowItsBound(double margin, double noise) {
        double few = meanError(HalfspaceRule.SLAM, margin, noise, 1000);
        double many = meanError(HalfspaceRule.SLAM, margin, noise, 16000);
        assertThat(few).isLessThan(HalfspaceLearning.bound(margin, noise, 1000));
        assertThat(many)
                .isLessThan(HalfspaceLearning.bound(margin, noise, 16000))
                .isLessThan(.75 * few);
    }

    @Test
    void theBoundByHand() {
        assertThat(HalfspaceLearning.bound(.2, .1, 10000)).isCloseTo(.9 / (.8 * .2 * 100), within(1e-12));
    }

    /// A perceptron believes every flipped label and never settles.
    @Test
    void slamBeatsThePerceptronUnderNoise() {
        assertThat(meanError(HalfspaceRule.SLAM, .2, .3, 8000))
                .isLessThan(meanError(HalfspaceRule.PERCEPTRON, .2, .3, 8000) - .05);
    }

    @ParameterizedTest
    @EnumSource
    void withoutNoiseEveryRuleLearns(HalfspaceRule rule) {
        MarginHalfspace halfspace = MarginHalfspace.random(10, .2, 0, new Rng(5));
        HalfspaceLearning.Result result = new HalfspaceLearning(rule, 6000).run(halfspace, 300, 500, new Rng(6));
        assertThat(result.error()).isLessThan(.05);
        assertThat(result.error()).isLessThanOrEqualTo(result.meanError());
    }

    @Test
    void slopesByHand() {
        assertThat(HalfspaceRule.SLAM.slope(.3, 1, .8)).isCloseTo(.6 - 1, within(1e-12));
        assertThat(HalfspaceRule.SLAM.slope(-.3, 1, .8)).isCloseTo(-.6 - 1, within(1e-12));
        assertThat(HalfspaceRule.MATCHING.slope(0, 1, .8)).isCloseTo(.5 - 1, within(1e-12));
        assertThat(HalfspaceRule.FORWARD.slope(0, 1, .8)).isCloseTo(-.5 / .25 * .6 * .25, within(1e-12));
        assertThat(HalfspaceRule.VANILLA.slope(0, -1, .8)).isCloseTo(.5, within(1e-12));
        assertThat(HalfspaceRule.PERCEPTRON.slope(.3, 1, .8)).isZero();
        assertThat(HalfspaceRule.PERCEPTRON.slope(.3, -1, .8)).isEqualTo(1);
    }

    /// FORWARD is the gradient of the mixed cross-entropy.
    @Test
    void forwardIsTheGradientOfTheMixedCrossEntropy() {
        for (double score : new double[] {-3, -.2, .7, 4}) {
            for (int label : new int[] {-1, 1}) {
                double numeric = (loss(score + 1e-6, label) - loss(score - 1e-6, label)) / 2e-6;
                assertThat(HalfspaceRule.FORWARD.slope(score, label, .7)).isCloseTo(numeric, within(1e-8));
            }
        }
    }

    private static double loss(double score, int label) {
        double m = .4 / (1 + Math.exp(-score)) + .3;
        return label == 1 ? -Math.log(m) : -Math.log(1 - m);
    }

    @Test
    void badArgumentsAreNamed() {
        assertThatThrownBy(() -> new MarginHalfspace(new double[] {2}, .1, .1)).hasMessageContaining("length 1");
        assertThatThrownBy(() -> MarginHalfspace.random(3, .1, .5, new Rng(1))).hasMessageContaining("0.5");
        assertThatThrownBy(() -> new HalfspaceLearning(HalfspaceRule.SLAM, 0)).hasMessageContaining("got 0");
    }
}
