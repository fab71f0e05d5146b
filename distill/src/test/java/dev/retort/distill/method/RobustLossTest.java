package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.Transition;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Losses that trust a teacher's label less than cross-entropy does.
class RobustLossTest {
    private static final double CLOSE = 1e-12;

    private static Tensor logits(double... probabilities) {
        double[] z = java.util.Arrays.stream(probabilities).map(Math::log).toArray();
        return Tensor.of(z, 1, z.length);
    }

    private static Tensor oneHot(int label, int classes) {
        double[] y = new double[classes];
        y[label] = 1;
        return Tensor.of(y, 1, classes);
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    @Test
    void taylorByHandAndItsLimits() {
        Tensor z = logits(.2, .5, .3);
        Tensor y = oneHot(0, 3);
        assertThat(TaylorCrossEntropy.rows(z, y, 1).item())
                .as("half the absolute error")
                .isCloseTo(.8, within(CLOSE));
        assertThat(TaylorCrossEntropy.rows(z, y, 3).item()).isCloseTo(.8 + .64 / 2 + .512 / 3, within(CLOSE));
        assertThat(TaylorCrossEntropy.rows(z, y, 400).item())
                .as("many terms are cross-entropy")
                .isCloseTo(-Math.log(.2), within(1e-12));
        Tensor soft = Tensor.of(new double[] {.6, 0, .4}, 1, 3);
        assertThat(TaylorCrossEntropy.rows(z, soft, 1).item()).isCloseTo(.6 * .8 + .4 * .7, within(CLOSE));
        assertThatThrownBy(() -> new TaylorCrossEntropy(0, TeacherLabel.HARD)).hasMessageContaining("got 0");
    }

    /// The Taylor softmax approximates e^z by 1 + z + z²/2: another function, with another value.
    @Test
    void taylorIsNotTheTaylorSoftmax() {
        Tensor z = Tensor.of(new double[] {1, 0, -1}, 1, 3);
        double[] e = {2.5, 1, .5};
        double other = -Math.log(e[0] / 4);
        assertThat(TaylorCrossEntropy.rows(z, oneHot(0, 3), 2).item()).isNotCloseTo(other, within(1e-2));
    }

    @Test
    void generalizedCrossEntropyByHandAndItsLimits() {
        Tensor z = logits(.2, .5, .3);
        Tensor y = oneHot(0, 3);
        assertThat(GeneralizedCrossEntropy.rows(z, y, 1).item()).isCloseTo(.8, within(CLOSE));
        assertThat(GeneralizedCrossEntropy.rows(z, y, .7).item()).isCloseTo((1 - Math.pow(.2, .7)) / .7, within(CLOSE));
        assertThat(GeneralizedCrossEntropy.rows(z, y, 1e-7).item()).isCloseTo(-Math.log(.2), within(1e-5));
        assertThatThrownBy(() -> new GeneralizedCrossEntropy(0, TeacherLabel.HARD))
                .hasMessageContaining("(0, 1]");
    }

    @Test
    void bootstrappingByHand() {
        Tensor z = logits(.2, .5, .3);
        Tensor y = oneHot(0, 3);
        double entropy = -.2 * Math.log(.2) - .5 * Math.log(.5) - .3 * Math.log(.3);
        assertThat(Bootstrapping.rows(z, y, TeacherLabel.SOFT, .9).item())
                .isCloseTo(-.9 * Math.log(.2) + .1 * entropy, within(CLOSE));
        assertThat(Bootstrapping.rows(z, y, TeacherLabel.HARD, .8).item())
                .isCloseTo(-.8 * Math.log(.2) - .2 * Math.log(.5), within(CLOSE));
        assertThat(Bootstrapping.rows(z, y, TeacherLabel.SOFT, 1).item())
                .as("β = 1 is cross-entropy")
                .isCloseTo(-Math.log(.2), within(CLOSE));
    }

    @ParameterizedTest
    @EnumSource
    void gradients(TeacherLabel belief) {
        Tensor y = normal(2, 4, 3).softmax(1);
        Tensor t = Tensor.of(new double[] {.8, .1, .1, .2, .7, .1, 0, .3, .7}, 3, 3);
        Tensor inverse = Tensor.of(flat(Transition.inverse(rows(t))), 3, 3);
        GradCheck check = GradCheck.defaults();
        check.firstOrder("taylor", in -> one(TaylorCrossEntropy.rows(in[0], y, 3)), normal(1, 4, 3))
                .verify();
        check.firstOrder("gce", in -> one(GeneralizedCrossEntropy.rows(in[0], y, .7)), normal(1, 4, 3))
                .verify();
        check.firstOrder("bootstrap", in -> one(Bootstrapping.rows(in[0], y, belief, .7)), normal(1, 4, 3))
                .verify();
        check.firstOrder("forward", in -> one(LossCorrection.forward(in[0], y, t)), normal(1, 4, 3))
                .verify();
        check.firstOrder("backward", in -> one(LossCorrection.backward(in[0], y, inverse)), normal(1, 4, 3))
                .verify();
        Tensor mask = Tensor.of(new double[] {1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0}, 4, 3);
        check.firstOrder("negative", in -> one(Ups.negativeRows(in[0], mask)), normal(1, 4, 3))
                .verify();
    }

    private static Tensor[] one(Tensor result) {
        return new Tensor[] {result};
    }

    private static double[][] rows(Tensor matrix) {
        double[][] out = new double[matrix.size(0)][];
        for (int i = 0; i < out.length; i++) {
            out[i] = matrix.select(0, i).toDoubles();
        }
        return out;
    }

    private static double[] flat(double[][] rows) {
        return java.util.Arrays.stream(rows)
                .flatMapToDouble(java.util.Arrays::stream)
                .toArray();
    }

    /// A steep wrong label has a bounded gradient, which cross-entropy's has not in the limit.
    @Test
    void aConfidentStudentIsHardlyMovedByAWrongLabel() {
        Tensor z = Tensor.of(new double[] {12, 0, 0}, 1, 3).requiresGrad(true);
        Tensor wrong = oneHot(1, 3);
        double taylor = Autograd.grad(TaylorCrossEntropy.rows(z, wrong, 4).sum(), z)[0]
                .abs()
                .sum()
                .item();
        double gce = Autograd.grad(GeneralizedCrossEntropy.rows(z, wrong, .7).sum(), z)[0]
                .abs()
                .sum()
                .item();
        double entropy = Autograd.grad(
                        GeneralizedCrossEntropy.rows(z, wrong, 1e-6).sum(), z)[0]
                .abs()
                .sum()
                .item();
        assertThat(entropy).isGreaterThan(1.9);
        assertThat(taylor).isLessThan(1e-3);
        assertThat(gce).isLessThan(1e-2);
    }

    @Test
    void forwardCorrectionIsMinimisedByTheTruth() {
        double[][] t =
                Transition.Known.symmetric(4, .45).matrix(Confidence.ofLogits(Tensor.zeros(1, 4)), new long[0], false);
        Tensor matrix = Tensor.of(flat(t), 4, 4);
        Tensor expected = Tensor.of(t[2], 1, 4); // expected noisy label of true class 2
        Tensor truth = Tensor.of(new double[] {0, 0, 30, 0}, 1, 4);
        double best = LossCorrection.forward(truth, expected, matrix).item();
        Rng rng = new Rng(4);
        for (int trial = 0; trial < 200; trial++) {
            double[] z = new double[4];
            for (int j = 0; j < 4; j++) {
                z[j] = 4 * rng.nextGaussian();
            }
            assertThat(LossCorrection.forward(Tensor.of(z, 1, 4), expected, matrix)
                            .item())
                    .isGreaterThanOrEqualTo(best - 1e-9);
        }
    }

    /// Averaged over the noise, the corrected loss is the clean one.
    @Test
    void backwardCorrectionIsUnbiased() {
        Tensor t = Tensor.of(new double[] {.8, .1, .1, .2, .7, .1, 0, .3, .7}, 3, 3);
        Tensor inverse = Tensor.of(flat(Transition.inverse(rows(t))), 3, 3);
        Tensor z = normal(7, 1, 3);
        for (int truth = 0; truth < 3; truth++) {
            double mean = 0;
            for (int said = 0; said < 3; said++) {
                mean += t.get(truth, said)
                        * LossCorrection.backward(z, oneHot(said, 3), inverse).item();
            }
            assertThat(mean).isCloseTo(-z.logSoftmax(1).get(0, truth), within(1e-12));
        }
    }

    @Test
    void anIdentityMatrixIsPlainCrossEntropy() {
        Tensor z = normal(1, 5, 3);
        Tensor y = normal(2, 5, 3).softmax(1);
        Tensor eye = Tensor.of(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, 3, 3);
        double[] plain = z.logSoftmax(1).mul(y).sum(false, 1).neg().toDoubles();
        double[] forward = LossCorrection.forward(z, y, eye).toDoubles();
        double[] backward = LossCorrection.backward(z, y, eye).toDoubles();
        for (int i = 0; i < 5; i++) {
            assertThat(forward[i]).isCloseTo(plain[i], within(1e-12));
            assertThat(backward[i]).isCloseTo(plain[i], within(1e-12));
        }
    }

    @Test
    void transitionsAreCountedWithSmoothing() {
        // Truth 0: said 0, 0, 1. Truth 1: said 1.
        Confidence teacher = Confidence.ofLogits(Tensor.of(new double[] {3, 0, 2, 0, 0, 1, 0, 5}, 4, 2));
        long[] truth = {0, 0, 0, 1};
        double[][] plain = new Transition.Counted(0).matrix(teacher, truth, false);
        assertThat(plain[0]).containsExactly(new double[] {2 / 3.0, 1 / 3.0}, within(CLOSE));
        assertThat(plain[1]).containsExactly(new double[] {0, 1}, within(CLOSE));
        double[][] smooth = new Transition.Counted(1).matrix(teacher, truth, false);
        assertThat(smooth[1]).containsExactly(new double[] {.25, .75}, within(CLOSE));
        double[][] soft = new Transition.Counted(0).matrix(teacher, truth, true);
        assertThat(soft[1][0]).isCloseTo(teacher.probability(3, 0), within(CLOSE));
        assertThatThrownBy(() -> new Transition.Counted(0).matrix(teacher, new long[4], false))
                .hasMessageContaining("class 1 in the validation set");
        assertThatThrownBy(() -> new Transition.Known(List.of(List.of(.5, .4), List.of(0.0, 1.0))))
                .hasMessageContaining("[0.5, 0.4]");
        assertThatThrownBy(() -> Transition.inverse(new double[][] {{.5, .5}, {.5, .5}}))
                .hasMessageContaining("singular");
    }

    /// A teacher that never says class 1.
    @Test
    void aSingularMatrixIsBlendedWithTheIdentity() {
        double[][] t = {{1, 0}, {1, 0}};
        double[][] inverse = Transition.stableInverse(t, 25);
        // 0.95 T + 0.05 I = {{1, 0}, {.95, .05}}
        assertThat(inverse[0]).containsExactly(new double[] {1, 0}, within(1e-9));
        assertThat(inverse[1]).containsExactly(new double[] {-19, 20}, within(1e-9));
        double[][] good = {{.8, .2}, {.3, .7}};
        assertThat(Transition.stableInverse(good, 25)).isDeepEqualTo(Transition.inverse(good));
        assertThat(Transition.stableInverse(t, 1)).isDeepEqualTo(new double[][] {{1, 0}, {0, 1}});
    }

    /// Labelled samples learn by cross-entropy whatever the method does to the teacher's labels.
    @Test
    void trueLabelsAreTrusted() {
        Tensor teacher = Tensor.cat(0, logits(.9, .1), logits(.9, .1));
        Tensor validation = Tensor.cat(0, logits(.8, .2), logits(.3, .7), logits(.6, .4));
        Setup setup = new Setup(
                Map.of(), Map.of(), 2, new long[] {1, -1}, teacher, validation, new long[] {0, 1, 1}, new Rng(1));
        Tensor z = Tensor.cat(0, logits(.25, .75), logits(.5, .5));
        for (var method : List.of(
                new TaylorCrossEntropy(),
                new GeneralizedCrossEntropy(),
                Bootstrapping.hard(),
                new LossCorrection(),
                new FidelityWeighting(),
                new WeightedDistillation())) {
            List<Term> terms = method.terms(setup);
            LossTerm loss = terms.getFirst().loss();
            double labelled = loss.sum(Steps.of(Steps.batch(new long[] {1, -1}, 0, 1), z, teacher))
                            .item()
                    - loss.sum(Steps.of(Steps.batch(new long[] {-1}, 1), z.narrow(0, 1, 1), teacher.narrow(0, 1, 1)))
                            .item();
            assertThat(labelled).as(method.name()).isCloseTo(-Math.log(.75), within(1e-7));
            assertThat(loss.count(Steps.batch(1, -1))).as(method.name()).isEqualTo(2);
        }
    }

    @Test
    void fidelityWeighsByEntropy() {
        Tensor teacher = Tensor.cat(0, logits(.5, .5), logits(.9, .1));
        Setup setup = new Setup(Map.of(), Map.of(), 2, new long[] {-1, -1}, teacher, null, new long[0], new Rng(1));
        LossTerm loss = new FidelityWeighting(2, TeacherLabel.HARD)
                .terms(setup)
                .getFirst()
                .loss();
        Tensor z = logits(.25, .75);
        double unsure = loss.sum(Steps.of(Steps.batch(new long[] {-1}, 0), z, teacher.narrow(0, 0, 1)))
                .item();
        assertThat(unsure).isCloseTo(Math.exp(-2) * -Math.log(.25), within(CLOSE));
        double h = (-.9 * Math.log(.9) - .1 * Math.log(.1)) / Math.log(2);
        double surer = loss.sum(Steps.of(Steps.batch(new long[] {-1}, 1), z, teacher.narrow(0, 1, 1)))
                .item();
        assertThat(surer).isCloseTo(Math.exp(-2 * h) * -Math.log(.25), within(CLOSE));
    }
}
