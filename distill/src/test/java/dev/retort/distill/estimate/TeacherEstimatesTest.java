package dev.retort.distill.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.estimate.IsotonicRegression.Prediction;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

class TeacherEstimatesTest {
    /// Logits whose softmax is the given rows.
    private static Confidence ofProbabilities(double[]... rows) {
        double[] flat = new double[rows.length * rows[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = Math.log(rows[i / rows[0].length][i % rows[0].length]);
        }
        return Confidence.ofLogits(Tensor.of(flat, rows.length, rows[0].length));
    }

    @Test
    void readsProbabilitiesMarginsAndRanks() {
        Confidence c = ofProbabilities(new double[] {.2, .5, .3}, new double[] {.4, .2, .4});
        assertThat(c.size()).isEqualTo(2);
        assertThat(c.classes()).isEqualTo(3);
        assertThat(c.probability(0, 2)).isCloseTo(.3, within(1e-12));
        assertThat(c.margin(0)).isCloseTo(.2, within(1e-12));
        assertThat(c.margin(1)).isCloseTo(0, within(1e-12));
        assertThat(c.top(1)).isZero();
        assertThat(c.rank(0, 1)).isZero();
        assertThat(c.rank(0, 0)).isEqualTo(2);
        assertThat(c.rank(1, 2)).as("ties go to the lower class").isEqualTo(1);
        assertThat(c.topAccuracy(new long[] {2, 2}, 1)).isZero();
        assertThat(c.topAccuracy(new long[] {2, 2}, 2)).isEqualTo(1);
    }

    @Test
    void hugeLogitsAreFineAndBadOnesAreNamed() {
        Confidence c = Confidence.ofLogits(Tensor.of(new float[] {1e30f, 0, -1e30f}, 1, 3));
        assertThat(c.margin(0)).isEqualTo(1);
        assertThatThrownBy(() -> Confidence.ofLogits(Tensor.of(new float[] {0, 0, Float.NaN, 1}, 2, 2)))
                .hasMessageContaining("NaN in row 1");
        assertThatThrownBy(() -> Confidence.ofLogits(Tensor.of(new float[] {0, 1}, 2, 1)))
                .hasMessageContaining("[N, L]");
        assertThatThrownBy(() -> c.topAccuracy(new long[] {3}, 1)).hasMessageContaining("[0, 3), got 3 at 0");
        assertThatThrownBy(() -> c.topAccuracy(new long[] {1, 1}, 1)).hasMessageContaining("2 labels for 1 samples");
    }

    @Test
    void alphaIsTheIsotonicFitOfCorrectnessOnMarginWithBounds() {
        // Margins .1, .2, .3, .4, .5; the teacher's class is 0; right on the 2nd, 4th and 5th.
        Confidence v = ofProbabilities(
                new double[] {.5, .4, .1},
                new double[] {.5, .3, .2},
                new double[] {.6, .3, .1},
                new double[] {.6, .2, .2},
                new double[] {.7, .2, .1});
        long[] y = {1, 0, 1, 0, 0};
        TeacherAccuracy alpha = TeacherAccuracy.fit(v, y, 0.4, Prediction.INTERPOLATE);
        assertThat(alpha.at(.1)).isEqualTo(.4);
        assertThat(alpha.at(.25)).isCloseTo(.5, within(1e-9));
        assertThat(alpha.at(.35)).isCloseTo(.75, within(1e-9));
        assertThat(alpha.at(.9)).isEqualTo(1);
        assertThat(alpha.at(v)).hasSize(5).startsWith(.4);
        assertThat(alpha.capped(5).at(.9)).isCloseTo(.9, within(1e-12));
        assertThatThrownBy(() -> TeacherAccuracy.fit(v, y, 1.5, Prediction.STEP))
                .hasMessageContaining("[0, 1], got 1.5");
    }

    @Test
    void alphaRecoversAKnownNoiseLevel() {
        // A teacher that is right with probability ½ + margin/2: the estimate should follow it.
        Rng rng = new Rng(3);
        int n = 4000;
        double[][] rows = new double[n][];
        long[] y = new long[n];
        for (int i = 0; i < n; i++) {
            double p = .5 + .49 * rng.nextDouble();
            rows[i] = new double[] {p, 1 - p};
            y[i] = rng.nextDouble() < p ? 0 : 1;
        }
        TeacherAccuracy alpha = TeacherAccuracy.fit(ofProbabilities(rows), y, 0.5, Prediction.INTERPOLATE);
        for (double margin : new double[] {.2, .5, .8}) {
            assertThat(alpha.at(margin)).isCloseTo(.5 + margin / 2, within(.07));
        }
    }

    @Test
    void fixedAndGlobalLists() {
        Confidence v = ofProbabilities(
                new double[] {.4, .3, .2, .1},
                new double[] {.4, .3, .2, .1},
                new double[] {.4, .3, .2, .1},
                new double[] {.4, .3, .2, .1});
        long[] y = {0, 1, 2, 0};
        assertThat(new ShortList.Fixed(9).fit(v, y).at(v)).containsExactly(4, 4, 4, 4);
        assertThat(new ShortList.Global(.75).fit(v, y).at(v)).containsExactly(2, 2, 2, 2);
        assertThat(new ShortList.Global(.9).fit(v, y).at(v)).containsExactly(3, 3, 3, 3);
        assertThat(new ShortList.Adaptive(.9).fit(v, y).at(v))
                .as("a small validation set falls back to the global rule")
                .containsExactly(3, 3, 3, 3);
        assertThatThrownBy(() -> new ShortList.Fixed(1)).hasMessageContaining("at least 2, got 1");
        assertThatThrownBy(() -> new ShortList.Adaptive(0)).hasMessageContaining("(0, 1], got 0");
    }

    @Test
    void adaptiveListsGrowWhereTheTeacherIsUnsure() {
        // Sure rows: the truth is class 0 or 1. Unsure rows: the truth is anything among four, in turn.
        int n = 400;
        double[][] rows = new double[n][];
        long[] y = new long[n];
        for (int i = 0; i < n; i++) {
            boolean sure = i % 2 == 0;
            rows[i] = sure ? new double[] {.8, .1, .06, .03, .01} : new double[] {.3, .25, .2, .15, .1};
            y[i] = sure ? (i / 2) % 2 : (i / 2) % 4;
        }
        Confidence v = ofProbabilities(rows);
        int[] k = new ShortList.Adaptive(.9).fit(v, y).at(v);
        assertThat(k[0]).isEqualTo(2);
        assertThat(k[1]).isEqualTo(4);
        assertThat(new ShortList.Adaptive(1).fit(v, y).at(v)[1])
                .as("all four are needed, the fifth never is")
                .isEqualTo(4);
    }
}
