package dev.retort.distill.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import dev.retort.tensor.Rng;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class IsotonicRegressionTest {
    private static double[] ones(int n) {
        double[] out = new double[n];
        Arrays.fill(out, 1);
        return out;
    }

    @Test
    void poolsAdjacentViolators() {
        IsotonicRegression fit =
                IsotonicRegression.fit(new double[] {.1, .2, .3, .4, .5}, new double[] {0, 1, 0, 1, 1});
        assertThat(fit.values()).containsExactly(0, .5, .5, 1, 1);
        assertThat(fit.predict(.15)).isCloseTo(.25, within(1e-12));
        assertThat(fit.predict(.25)).isEqualTo(.5);
        assertThat(fit.predict(.35)).isCloseTo(.75, within(1e-12));
        assertThat(fit.predict(-9)).isZero();
        assertThat(fit.predict(9)).isEqualTo(1);
    }

    @Test
    void orderOfThePairsDoesNotMatterAndEqualPointsAreOne() {
        IsotonicRegression fit =
                IsotonicRegression.fit(new double[] {2, 1, 2, 0.0, -0.0, 2}, new double[] {1, 1, 0, 1, 0, 1});
        assertThat(fit.points()).containsExactly(0, 1, 2);
        // 0: mean ½; 1: 1; 2: mean ⅔ of weight 3, pooled with 1 to (1 + 2)/4.
        assertThat(fit.values()).containsExactly(.5, .75, .75);
    }

    @Test
    void weightsCountAsRepetitions() {
        IsotonicRegression weighted = IsotonicRegression.fit(
                new double[] {1, 2, 3}, new double[] {3, 1, 2}, new double[] {1, 2, 1}, Prediction.INTERPOLATE);
        IsotonicRegression repeated = IsotonicRegression.fit(new double[] {1, 2, 2, 3}, new double[] {3, 1, 1, 2});
        assertThat(weighted.values()).containsExactly(repeated.values());
    }

    @Test
    void stepPredictionIsLeftContinuous() {
        IsotonicRegression step =
                IsotonicRegression.fit(new double[] {1, 2, 3}, new double[] {0, 1, 2}, ones(3), Prediction.STEP);
        assertThat(step.predict(new double[] {0, 1, 1.001, 2, 2.5, 3, 4})).containsExactly(0, 0, 1, 1, 2, 2, 2);
    }

    /// The fit is vᵢ = max over a ≤ i of min over b ≥ i of mean(y_a … y_b), an independent formula.
    @Test
    void agreesWithTheMinMaxFormulaOnRandomData() {
        Rng rng = new Rng(7);
        for (int trial = 0; trial < 200; trial++) {
            int n = 1 + rng.nextInt(25);
            double[] x = new double[n];
            double[] y = new double[n];
            for (int i = 0; i < n; i++) {
                x[i] = i;
                y[i] = trial % 2 == 0 ? rng.nextInt(2) : rng.nextGaussian();
            }
            double[] fitted = IsotonicRegression.fit(x, y).values();
            for (int i = 0; i < n; i++) {
                assertThat(fitted[i]).as("trial %d, point %d", trial, i).isCloseTo(maxMin(y, i), within(1e-12));
            }
        }
    }

    private static double maxMin(double[] y, int i) {
        double best = Double.NEGATIVE_INFINITY;
        for (int a = 0; a <= i; a++) {
            double least = Double.POSITIVE_INFINITY;
            for (int b = i; b < y.length; b++) {
                least = Math.min(least, Arrays.stream(y, a, b + 1).average().orElseThrow());
            }
            best = Math.max(best, least);
        }
        return best;
    }

    @Test
    void refusesWhatIsNotData() {
        assertThatThrownBy(() -> IsotonicRegression.fit(new double[0], new double[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least one, got 0, 0 and 0");
        assertThatThrownBy(() -> IsotonicRegression.fit(new double[] {1, 2}, new double[] {1}))
                .hasMessageContaining("got 2, 1 and 2");
        assertThatThrownBy(() -> IsotonicRegression.fit(new double[] {1, Double.NaN}, new double[] {1, 1}))
                .hasMessageContaining("(NaN, 1.0, 1.0) at 1");
        assertThatThrownBy(() ->
                        IsotonicRegression.fit(new double[] {1}, new double[] {1}, new double[] {0}, Prediction.STEP))
                .hasMessageContaining("positive weights");
        IsotonicRegression fit = IsotonicRegression.fit(new double[] {1}, new double[] {1});
        assertThat(fit.predict(5)).isEqualTo(1);
        assertThatThrownBy(() -> fit.predict(Double.NaN)).hasMessageContaining("got NaN");
    }
}
