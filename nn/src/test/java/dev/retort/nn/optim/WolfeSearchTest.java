package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WolfeSearchTest {
    private static void bothConditionsHold(DoubleUnaryOperator f, DoubleUnaryOperator slope, double first) {
        WolfeSearch search = new WolfeSearch(t -> point(f, slope, t), new double[] {1}, 1e-9);
        WolfeSearch.Point found = search.run(first, point(f, slope, 0));
        double t = found.t();
        assertThat(f.applyAsDouble(t)).isLessThanOrEqualTo(f.applyAsDouble(0) + 1e-4 * t * slope.applyAsDouble(0));
        assertThat(Math.abs(slope.applyAsDouble(t))).isLessThanOrEqualTo(0.9 * Math.abs(slope.applyAsDouble(0)));
        assertThat(search.evaluations()).isLessThan(25);
    }

    private static WolfeSearch.Point point(DoubleUnaryOperator f, DoubleUnaryOperator slope, double t) {
        return new WolfeSearch.Point(t, f.applyAsDouble(t), new double[0], slope.applyAsDouble(t));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-4, 0.1, 3, 50})
    void theLengthFallsAndFlattensWhereverTheSearchStarts(double first) {
        bothConditionsHold(t -> (t - 3) * (t - 3), t -> 2 * (t - 3), first);
        bothConditionsHold(t -> -t / (t * t + 2), t -> (t * t - 2) / ((t * t + 2) * (t * t + 2)), first);
        bothConditionsHold(
                t -> Math.pow(t, 4) / 4 - t - Math.sin(3 * t), t -> t * t * t - 1 - 3 * Math.cos(3 * t), first);
        bothConditionsHold(t -> t - 4 * Math.log1p(t), t -> 1 - 4 / (1 + t), first);
        // no number from 5 on, infinite from 2 on
        bothConditionsHold(t -> t < 5 ? t * t - 6 * t : Double.NaN, t -> t < 5 ? 2 * t - 6 : Double.NaN, first);
        bothConditionsHold(
                t -> t < 2 ? t * t - t : Double.POSITIVE_INFINITY, t -> t < 2 ? 2 * t - 1 : Double.NaN, first);
    }

    private static Parameter minimised(double start, double lr, UnaryOperator<Tensor> loss) {
        Parameter w = new Parameter(Tensor.of(new double[] {start}));
        LBFGS search = new LBFGS(Map.of("w", w), LBFGS.Config.of(lr).withStrongWolfe());
        for (int i = 0; i < 3; i++) {
            search.step(() -> {
                w.zeroGrad();
                Tensor value = loss.apply(w.value()).sum();
                value.backward();
                return value;
            });
        }
        return w;
    }

    @Test
    void aFirstStepToWhereThereIsNoLossIsTakenBack() {
        // 5 → −3, where the logarithm is no number
        assertThat(minimised(5, 10, w -> w.sub(w.log())).tensor().item()).isCloseTo(1, within(1e-6));
        // 2 → −98, where the exponential is infinite
        assertThat(minimised(2, 100, w -> w.square().exp()).tensor().item()).isCloseTo(0, within(1e-6));
    }

    @Test
    void nothingMovesWithoutAGradientOrWithOneThatIsNoNumber() {
        assertThat(minimised(0, 1, Tensor::square).tensor().item()).isZero();
        assertThat(minimised(2, 1, w -> w.mul(Double.NaN)).tensor().item()).isEqualTo(2);
    }

    @Test
    void limitsAndStatesAreChecked() {
        assertThatThrownBy(() -> new LBFGS.Config(1, 20, 25, Double.NaN, 1e-9, 100, false))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("limits >= 0");
        Parameter w = new Parameter(Tensor.of(new double[] {1}));
        LBFGS search = new LBFGS(Map.of("w", w), LBFGS.Config.defaults());
        Map<String, Tensor> state = new LinkedHashMap<>(search.stateDict());
        search.loadStateDict(state); // fresh: no direction and no gradient yet
        state.put("n_iter", Tensor.of(new long[] {3}).reshape());
        assertThatThrownBy(() -> search.loadStateDict(state)).hasMessageContaining("'d' of 1 numbers");
    }

    @Test
    void parametersMayBeScalars() {
        Parameter w = new Parameter(Tensor.scalar(DType.F64, 3));
        LBFGS search = new LBFGS(Map.of("w", w), LBFGS.Config.defaults());
        search.step(() -> {
            w.zeroGrad();
            Tensor loss = w.value().square();
            loss.backward();
            return loss;
        });
        assertThat(w.tensor().item()).isCloseTo(0, within(1e-6));
    }
}
