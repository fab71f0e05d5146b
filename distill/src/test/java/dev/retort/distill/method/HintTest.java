package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HintTest {
    private static final Tap TAP = Tap.output("body");

    @ParameterizedTest
    @CsvSource({"8, 6, 4, 3", "8, 6, 16, 12", "8, 6, 8, 6", "8, 6, 6, 6", "7, 7, 5, 3"})
    void regressorFitsTheTeachersMap(int high, int wide, int teacherHigh, int teacherWide) {
        HintRegressor regressor =
                HintRegressor.between(Shape.of(3, high, wide), Shape.of(5, teacherHigh, teacherWide), new Rng(1));
        assertThat(regressor.call(Tensor.zeros(2, 3, high, wide)).shape())
                .isEqualTo(Shape.of(2, 5, teacherHigh, teacherWide));
    }

    @Test
    void regressorOfVectorsAndRefusals() {
        assertThat(HintRegressor.between(Shape.of(3), Shape.of(7), new Rng(1))
                        .call(Tensor.zeros(2, 3))
                        .shape())
                .isEqualTo(Shape.of(2, 7));
        assertThatThrownBy(() -> HintRegressor.between(Shape.of(3, 5, 5), Shape.of(3, 8, 8), new Rng(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[3, 5, 5] for the teacher's [3, 8, 8]");
        assertThatThrownBy(() -> HintRegressor.between(Shape.of(3), Shape.of(3, 8, 8), new Rng(1)))
                .hasMessageContaining("[3]");
    }

    @ParameterizedTest
    @ValueSource(doubles = {2e-5, 1e-3, 5, 1000, 1e30})
    void aVarianceStartsWhereItIsToldTo(double variance) {
        VariationalRegressor regressor = new VariationalRegressor(Shape.of(3), Shape.of(2), variance, new Rng(1));
        assertThat(regressor.variance().get(1)).isCloseTo(variance, withinPercentage(1e-3));
    }

    @Test
    void hintIsTheMeanSquaredErrorOfTheRegressedFeature() {
        Setup setup = new Setup(
                Map.of(TAP, Shape.of(2)),
                Map.of(TAP, Shape.of(3)),
                2,
                new long[2],
                null,
                null,
                new long[0],
                new Rng(3));
        List<Term> terms = new FitNet(TAP, TAP).terms(setup);
        assertThat(terms).extracting(Term::name).containsExactly("label", "hint");
        assertThat(terms).extracting(Term::weight).containsExactly(1.0, 100.0);
        LossTerm hint = terms.get(1).loss();
        Module regressor = Objects.requireNonNull(hint.adapters());
        regressor.parameters().forEach(parameter -> parameter.set(Tensor.scalar(.5)));
        Tensor student = Tensor.of(new float[] {1, 2, 0, 0}, 2, 2); // regressed to 2, 2, 2 and .5, .5, .5
        Tensor teacher = Tensor.of(new float[] {2, 3, 0, .5f, .5f, 2}, 2, 3);
        Step step = Steps.features(Steps.batch(0, 1), TAP, student, teacher);
        double mean = hint.sum(step).item() / hint.count(step.batch());
        assertThat(mean).isCloseTo((0 + 1 + 4 + 0 + 0 + 2.25) / 6, within(1e-6));
    }

    @Test
    void stagedTrainingLearnsTheHintFirst() {
        FitNet joint = new FitNet(TAP, TAP);
        assertThat(joint.stages()).hasSize(1);
        FitNet staged = new FitNet(TAP, TAP, 1, FitNet.Order.STAGED, new HintonKd());
        assertThat(staged.stages()).extracting(Stage::name).containsExactly("hint", "response");
        assertThat(staged.stages())
                .extracting(Stage::student)
                .containsExactly(Stage.Start.FRESH, Stage.Start.CONTINUED);
        assertThat(staged.stages().getFirst().objective().needs()).hasSize(2);
    }
}
