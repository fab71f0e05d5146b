package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.ShortList;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResponseLossTest {
    private static final double CLOSE = 1e-9;

    private static Tensor logits(double[]... probabilities) {
        int classes = probabilities[0].length;
        double[] flat = new double[probabilities.length * classes];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = Math.log(probabilities[i / classes][i % classes]);
        }
        return Tensor.of(flat, probabilities.length, classes);
    }

    private static Setup setup(long[] labels, Tensor teacher, Tensor validation, long[] truth) {
        return new Setup(Map.of(), Map.of(), teacher.size(1), labels, teacher, validation, truth, new Rng(1));
    }

    private static LossTerm only(List<Term> terms) {
        assertThat(terms).hasSize(1);
        return terms.getFirst().loss();
    }

    @Test
    void labelLossIgnoresUnlabelledSamplesButCountsThem() {
        StepBatch batch = Steps.batch(1, -1);
        Tensor z = logits(new double[] {.25, .75}, new double[] {.9, .1});
        LabelLoss loss = new LabelLoss();
        assertThat(loss.sum(Steps.of(batch, z, z)).item()).isCloseTo(-Math.log(.75), within(CLOSE));
        assertThat(loss.count(batch)).isEqualTo(2);
        assertThat(batch.labelledCount()).isEqualTo(1);
    }

    @Test
    void kdRefusesWeightsBelowZero() {
        assertThatThrownBy(() -> new HintonKd(4, 0.1, -0.9))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("kd: expected weights of at least 0, got 0.1 and -0.9");
        assertThatThrownBy(() -> new HintonKd(4, Double.NaN, 1)).hasMessageContaining("weights of at least 0");
    }

    @Test
    void kdAtTemperatureTwoByHand() {
        double[] s = {.2, .8};
        double[] t = {.5, .5};
        double rs = Math.sqrt(.2) / (Math.sqrt(.2) + Math.sqrt(.8)); // softmax(z/2) of the student's first class
        double kl = .5 * Math.log(.5 / rs) + .5 * Math.log(.5 / (1 - rs));
        Tensor rows = HintonKd.divergence(logits(s, s), logits(t, s), 2);
        assertThat(rows.get(0)).isCloseTo(4 * kl, within(CLOSE));
        assertThat(rows.get(1)).as("equal logits").isCloseTo(0, within(CLOSE));
    }

    /// A mean over classes would halve the value when every class is split in two equal ones.
    @Test
    void kdDoesNotShrinkWithTheNumberOfClasses() {
        Tensor few = HintonKd.divergence(logits(new double[] {.2, .8}), logits(new double[] {.6, .4}), 1);
        Tensor many =
                HintonKd.divergence(logits(new double[] {.1, .1, .4, .4}), logits(new double[] {.3, .3, .2, .2}), 1);
        assertThat(many.item()).isCloseTo(few.item(), within(CLOSE));
    }

    @Test
    void kdAtAHighTemperatureIsHalfTheCentredSquaredDifferencePerClass() {
        Tensor s = Tensor.of(new double[] {1, 0, -1}, 1, 3);
        Tensor t = Tensor.of(new double[] {0, 2, -2}, 1, 3);
        assertThat(HintonKd.divergence(s, t, 1e4).item()).isCloseTo((1 + 4 + 1) / (2.0 * 3), within(1e-3));
    }

    @Test
    void kdWeightsAreThoseOfItsTerms() {
        Setup setup = setup(new long[] {0}, logits(new double[] {.5, .5}), Tensor.zeros(1, 2), new long[] {0});
        List<Term> terms = new HintonKd(2, .3, .7).terms(setup);
        assertThat(terms).extracting(Term::name).containsExactly("label", "kd");
        assertThat(terms).extracting(Term::weight).containsExactly(.3, .7);
        assertThat(HintonKd.labelsOnly().terms(setup)).extracting(Term::name).containsExactly("label");
        assertThat(HintonKd.labelsOnly().needs()).isEmpty();
        assertThatThrownBy(() -> new HintonKd(0, 1, 1)).hasMessageContaining("positive temperature, got 0");
    }

    @Test
    void hardPseudoLabelsUseTruthThenTheTeacherThenNothing() {
        Tensor teacher = logits(new double[] {.9, .1}, new double[] {.3, .7}, new double[] {.45, .55});
        long[] labels = {1, -1, -1};
        LossTerm loss = only(new HardPseudoLabels(.6).terms(setup(labels, teacher, teacher, labels)));
        Tensor z = logits(new double[] {.8, .2}, new double[] {.4, .6}, new double[] {.5, .5});
        StepBatch batch = Steps.batch(labels);
        assertThat(loss.count(batch)).isEqualTo(2);
        assertThat(loss.sum(Steps.of(batch, z, teacher)).item()).isCloseTo(-Math.log(.2) - Math.log(.6), within(CLOSE));
        LossTerm all = only(new HardPseudoLabels().terms(setup(labels, teacher, teacher, labels)));
        assertThat(all.count(batch)).isEqualTo(3);
    }

    /// The same samples in another order and in another batch: every one keeps its own target.
    @Test
    void pseudoLabelsGoWithTheSampleNotWithItsPlace() {
        Tensor teacher = logits(new double[] {.9, .1}, new double[] {.2, .8}, new double[] {.7, .3});
        long[] labels = {-1, -1, -1};
        LossTerm loss = only(new HardPseudoLabels().terms(setup(labels, teacher, teacher, labels)));
        Tensor z = logits(new double[] {.6, .4}, new double[] {.6, .4});
        StepBatch shuffled = Steps.batch(new long[] {-1, -1}, 2, 1);
        assertThat(loss.sum(Steps.of(shuffled, z, teacher)).item())
                .isCloseTo(-Math.log(.6) - Math.log(.4), within(CLOSE));
    }

    @Test
    void softLabelsAreCrossEntropyWithTheTeachersProbabilities() {
        Tensor teacher = logits(new double[] {.9, .1}, new double[] {.3, .7});
        long[] labels = {1, -1};
        LossTerm loss = only(new SoftLabels().terms(setup(labels, teacher, teacher, labels)));
        Tensor z = logits(new double[] {.8, .2}, new double[] {.4, .6});
        assertThat(loss.sum(Steps.of(Steps.batch(labels), z, teacher)).item())
                .isCloseTo(-Math.log(.2) - .3 * Math.log(.4) - .7 * Math.log(.6), within(CLOSE));
    }

    @Test
    void slamWithATeacherThatIsAlwaysRightIsHardPseudoLabelling() {
        Tensor teacher = logits(new double[] {.7, .2, .1}, new double[] {.2, .5, .3}, new double[] {.1, .3, .6});
        long[] truth = {0, 1, 2};
        long[] labels = {-1, 1, -1};
        Setup setup = setup(labels, teacher, teacher, truth);
        Tensor z = Random.normal(new Rng(4), 0, 1, DType.F64, 3, 3);
        Step step = Steps.of(Steps.batch(labels), z, teacher);
        double hard = only(new HardPseudoLabels().terms(setup)).sum(step).item();
        for (Mixing mixing : Mixing.values()) {
            double slam =
                    only(new Slam().withMixing(mixing).terms(setup)).sum(step).item();
            assertThat(slam).isCloseTo(hard, within(CLOSE));
        }
        double soft = only(new SoftLabels().terms(setup)).sum(step).item();
        double softSlam = only(new Slam().withLabels(TeacherLabel.SOFT).terms(setup))
                .sum(step)
                .item();
        assertThat(softSlam).isCloseTo(soft, within(CLOSE));
    }

    @Test
    void slamUsesAlphaAndKOfTheSample() {
        // A teacher that is right on half of the validation set whatever its margin: α = ½ (the bound), k = 2.
        Tensor validation =
                logits(new double[] {.6, .3, .1}, new double[] {.6, .3, .1}, new double[] {.6, .3, .1}, new double[] {
                    .6, .3, .1
                });
        Tensor teacher = logits(new double[] {.5, .1, .4}, new double[] {.8, .15, .05});
        long[] labels = {-1, 2};
        Setup setup = setup(labels, teacher, validation, new long[] {0, 1, 0, 1});
        Slam slam = new Slam().withLowerBound(.5).withShortList(new ShortList.Fixed(2));
        Tensor z = logits(new double[] {.3, .3, .4}, new double[] {.2, .2, .6});
        double value = only(slam.terms(setup))
                .sum(Steps.of(Steps.batch(labels), z, teacher))
                .item();
        assertThat(value).isCloseTo(-Math.log(.5 * .3 + .5 * .7) - Math.log(.6), within(CLOSE));
        double bound = only(slam.withLowerBound(.8).terms(setup))
                .sum(Steps.of(Steps.batch(labels), z, teacher))
                .item();
        assertThat(bound).isCloseTo(-Math.log(.8 * .3 + .2 * .7) - Math.log(.6), within(CLOSE));
    }

    @Test
    void slamRefusesBoundsThatMakeItInconsistent() {
        assertThatThrownBy(() -> new Slam().withLowerBound(.4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("raw operator expects a lower bound of at least 0.5, got 0.4");
        assertThat(new Slam()
                        .withLowerBound(.7)
                        .withMixing(Mixing.NORMALISED)
                        .withLowerBound(0)
                        .lowerBound())
                .isZero();
        assertThat(new Slam().needs()).containsExactly(new Need.TeacherLabels());
        Tensor teacher = Tensor.zeros(1, 2);
        Setup blind = new Setup(Map.of(), Map.of(), 2, new long[] {-1}, teacher, null, new long[0], new Rng(1));
        assertThatThrownBy(() -> new Slam().terms(blind)).hasMessageContaining("expected a validation set");
    }

    @Test
    void peersAreTaughtByTheMeanOfTheOthers() {
        Tensor a = logits(new double[] {.2, .8});
        Tensor b = logits(new double[] {.5, .5});
        Tensor c = logits(new double[] {.6, .4});
        StepBatch batch = Steps.batch(0);
        List<Term> terms = new DeepMutualLearning(3, 1).terms(setup(new long[] {0}, a, a, new long[] {0}));
        assertThat(terms)
                .extracting(Term::name)
                .containsExactly("label0", "peer0", "label1", "peer1", "label2", "peer2");
        LossTerm peer = terms.get(1).loss();
        double expected = .5
                * (kl(new double[] {.5, .5}, new double[] {.2, .8}) + kl(new double[] {.6, .4}, new double[] {.2, .8}));
        double value = peer.sum(Steps.peers(batch, a, b, c)).item() / peer.count(batch);
        assertThat(value).isCloseTo(expected, within(CLOSE));
        assertThatThrownBy(() -> new DeepMutualLearning(1, 1)).hasMessageContaining("at least 2 students, got 1");
    }

    private static double kl(double[] p, double[] q) {
        double sum = 0;
        for (int j = 0; j < p.length; j++) {
            sum += p[j] * Math.log(p[j] / q[j]);
        }
        return sum;
    }
}
