package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.ClassBalance;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.nn.Module;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// UPS, noisy student, VID, embeddings.
class SelectionMethodsTest {
    private static final Tap TAP = Tap.output("body");

    private static double[] logs(double... probabilities) {
        return java.util.Arrays.stream(probabilities).map(Math::log).toArray();
    }

    /// Three passes over four samples of three classes.
    private static Tensor passes() {
        double[][][] said = {
            {{.90, .08, .02}, {.90, .08, .02}, {.50, .49, .01}, {.30, .69, .01}},
            {{.91, .07, .02}, {.70, .20, .10}, {.49, .50, .01}, {.31, .68, .01}},
            {{.92, .06, .02}, {.90, .08, .02}, {.50, .49, .01}, {.29, .70, .01}},
        };
        Tensor[] all = new Tensor[3];
        for (int p = 0; p < 3; p++) {
            double[] flat = new double[12];
            for (int i = 0; i < 4; i++) {
                System.arraycopy(logs(said[p][i]), 0, flat, 3 * i, 3);
            }
            all[p] = Tensor.of(flat, 4, 3);
        }
        return Tensor.stack(0, all);
    }

    @Test
    void upsSelectsWhatAllPassesAgreeOn() {
        Ups ups = new Ups(3, new Ups.Thresholds(.7, .05), new Ups.Thresholds(.2, .005), 2, null, null, 0, 1);
        Ups.Selection selected = ups.select(passes(), new long[] {-1, -1, -1, 2});
        assertThat(selected.positive())
                .as("sure, unsteady, undecided, labelled")
                .containsExactly(0, -1, -1, 2);
        float[] ruledOut = selected.negative().toFloats();
        assertThat(java.util.Arrays.copyOfRange(ruledOut, 0, 3))
                .as("it has a positive label")
                .containsOnly(0);
        // softmax(z/2) of the second sample: .02 and .10 differ by more than 0.005.
        assertThat(java.util.Arrays.copyOfRange(ruledOut, 3, 6)).containsOnly(0);
        assertThat(java.util.Arrays.copyOfRange(ruledOut, 6, 9)).containsExactly(0, 0, 1);
        assertThat(java.util.Arrays.copyOfRange(ruledOut, 9, 12)).containsOnly(0);
    }

    @Test
    void upsBalancesClassesByConfidence() {
        int[] kept = ClassBalance.truncated(new int[] {0, 0, 0, 1, -1}, new double[] {.7, .9, .8, .9, 1}, 2, 2);
        assertThat(kept).containsExactly(-1, 0, 0, 1, -1);
        double[] weights = ClassBalance.weights(new int[] {0, 0, 0, 1, -1}, 3);
        assertThat(weights).containsExactly(new double[] {2 / 3.0, 2 / 3.0, 2 / 3.0, 2, 0}, within(1e-12));
    }

    @Test
    void negativeLearningByHand() {
        Tensor z = Tensor.of(logs(.2, .5, .3), 1, 3);
        Tensor mask = Tensor.of(new double[] {1, 0, 1}, 1, 3);
        assertThat(Ups.negativeRows(z, mask).item()).isCloseTo(-(Math.log(.8) + Math.log(.7)) / 2, within(1e-12));
        assertThat(Ups.negativeRows(z, mask.mul(0.0)).item()).isZero();
    }

    @Test
    void upsCountsWhatItUses() {
        Setup setup = new Setup(
                Map.of(), Map.of(), 3, new long[] {-1, -1, -1, 2}, null, null, new long[0], passes(), new Rng(1));
        Ups ups = new Ups(3, new Ups.Thresholds(.7, .05), new Ups.Thresholds(.2, .005), 2, null, null, 0, 1);
        List<Term> terms = ups.terms(setup);
        assertThat(terms.get(0).loss().count(Steps.batch(-1, -1, -1, 2))).isEqualTo(2);
        assertThat(terms.get(1).loss().count(Steps.batch(-1, -1, -1, 2))).isEqualTo(1);
        assertThat(terms.get(1).loss().count(Steps.batch(new long[] {-1}, 0))).isZero();
        assertThat(new Ups(null).needs()).contains(new Need.TeacherPasses(10, null));
        TapDropout noise = new TapDropout(TAP, .3);
        Ups rounds = new Ups(3, new Ups.Thresholds(.7, .05), new Ups.Thresholds(.2, .005), 2, null, noise, 0, 2);
        assertThat(rounds.stages())
                .extracting(Stage::teacher)
                .containsExactly(Stage.Source.GIVEN, Stage.Source.PREVIOUS_STUDENT);
        assertThat(rounds.stages().get(1).objective().needs())
                .as("the student is asked at its own tap")
                .contains(new Need.TeacherPasses(3, noise), new Need.StudentDropout(noise));
        assertThatThrownBy(() -> new Ups(1, rounds.positive(), rounds.negative(), 2, null, null, 0, 1))
                .hasMessageContaining("2 passes");
    }

    @Test
    void noisyStudentKeepsConfidentLabelsAndBalancesThem() {
        Tensor teacher = Tensor.of(
                new double[] {
                    Math.log(.9),
                    Math.log(.1),
                    Math.log(.8),
                    Math.log(.2),
                    Math.log(.55),
                    Math.log(.45),
                    Math.log(.3),
                    Math.log(.7)
                },
                4,
                2);
        long[] labels = {-1, -1, -1, -1};
        Setup setup = new Setup(Map.of(), Map.of(), 2, labels, teacher, null, new long[0], new Rng(1));
        NoisyStudent method = new NoisyStudent(TeacherLabel.HARD, .6, true, null, 1);
        LossTerm loss = method.terms(setup).getFirst().loss();
        Tensor z = Tensor.of(logs(.25, .75), 1, 2);
        double[] expected = {.75 * -Math.log(.25), .75 * -Math.log(.25), 0, 1.5 * -Math.log(.75)};
        for (int i = 0; i < 4; i++) {
            assertThat(loss.sum(Steps.of(Steps.batch(new long[] {-1}, i), z, teacher.narrow(0, i, 1)))
                            .item())
                    .as("sample %d", i)
                    .isCloseTo(expected[i], within(1e-12));
        }
        TapDropout noise = new TapDropout(TAP, .5);
        assertThat(new NoisyStudent().withDropout(noise).needs())
                .isEqualTo(Set.of(new Need.TeacherLabels(), new Need.StudentDropout(noise)));
        assertThat(new NoisyStudent().stages()).extracting(Stage::name).containsExactly("round1", "round2", "round3");
        assertThatThrownBy(() -> new TapDropout(TAP, 1)).hasMessageContaining("[0, 1)");
    }

    @Test
    void slamHasRoundsWithNewEstimates() {
        assertThat(new Slam().stages()).extracting(Stage::name).containsExactly("slam");
        assertThat(new Slam().withRounds(2).stages())
                .extracting(Stage::teacher)
                .containsExactly(Stage.Source.GIVEN, Stage.Source.PREVIOUS_STUDENT);
        assertThat(new Slam().withValidation(true).needs()).contains(new Need.ValidationSamples());
        assertThatThrownBy(() -> new Slam().withRounds(0)).hasMessageContaining("at least 1 round");
    }

    private static LossTerm vid(Shape student, Shape teacher) {
        Setup setup = new Setup(
                Map.of(TAP, student), Map.of(TAP, teacher), 2, new long[2], null, null, new long[0], new Rng(3));
        List<Term> terms = new VariationalInformation(TAP, TAP).terms(setup);
        assertThat(terms).extracting(Term::name).containsExactly("label", "vid");
        return terms.get(1).loss();
    }

    @Test
    void vidIsAGaussianLikelihoodWithALearntVariance() {
        LossTerm loss = vid(Shape.of(2), Shape.of(3));
        Module regressor = Objects.requireNonNull(loss.adapters());
        assertThat(regressor.namedParameters()).containsKey("rho");
        regressor.namedParameters().forEach((name, parameter) -> {
            if (!name.equals("rho")) {
                parameter.set(Tensor.scalar(0.0)); // μ = 0
            }
        });
        Tensor teacher = Tensor.of(new float[] {1, 2, 3, 0, 0, 2}, 2, 3);
        Tensor student = Tensor.zeros(2, 2);
        double value = loss.sum(Steps.features(Steps.batch(0, 1), TAP, student, teacher))
                .item();
        double squares = (1 + 4 + 9 + 0 + 0 + 4) / 5.0;
        assertThat(value).isCloseTo(.5 * (squares + 6 * Math.log(5)) / 3, within(1e-5));
    }

    @Test
    void vidPoolsTheLargerMap() {
        LossTerm loss = vid(Shape.of(2, 8, 8), Shape.of(3, 4, 4));
        Tensor student = Tensor.ones(2, 2, 8, 8);
        assertThat(loss.sum(Steps.features(Steps.batch(0, 1), TAP, student, Tensor.ones(2, 3, 4, 4)))
                        .item())
                .isFinite();
        LossTerm other = vid(Shape.of(2, 4, 4), Shape.of(3, 8, 8));
        assertThat(other.sum(Steps.features(Steps.batch(0, 1), TAP, Tensor.ones(2, 2, 4, 4), Tensor.ones(2, 3, 8, 8)))
                        .item())
                .isFinite();
        assertThatThrownBy(() -> vid(Shape.of(2), Shape.of(3, 4, 4))).hasMessageContaining("vectors or maps");
    }

    @Test
    void embeddingsByHand() {
        Tensor s = Tensor.of(new double[] {3, 4, 1, 0}, 2, 2);
        Tensor t = Tensor.of(new double[] {4, 3, 0, 2}, 2, 2);
        assertThat(EmbeddingRegression.rows(s, t, EmbeddingRegression.Measure.COSINE)
                        .toDoubles())
                .containsExactly(new double[] {1 - 24 / 25.0, 1}, within(1e-12));
        assertThat(EmbeddingRegression.rows(s, t, EmbeddingRegression.Measure.SQUARED)
                        .toDoubles())
                .containsExactly(new double[] {1, 2.5}, within(1e-12));
        assertThatThrownBy(() -> EmbeddingRegression.rows(s, Tensor.zeros(2, 3), EmbeddingRegression.Measure.COSINE))
                .hasMessageContaining("[2, 3] from the teacher");
    }
}
