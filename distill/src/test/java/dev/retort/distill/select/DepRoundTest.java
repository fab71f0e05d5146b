package dev.retort.distill.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.Rng;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DepRoundTest {
    private static final int DRAWS = 200_000;

    @Test
    void marginalsAreExactAndSizesFixed() {
        double[] q = {.9, .7, .55, .4, .25, .2};
        int[] counts = new int[q.length];
        Rng rng = new Rng(5);
        for (int draw = 0; draw < DRAWS; draw++) {
            int[] chosen = DepRound.draw(q, rng);
            assertThat(chosen.length).isEqualTo(3);
            Arrays.stream(chosen).forEach(i -> counts[i]++);
        }
        for (int i = 0; i < q.length; i++) {
            double sd = Math.sqrt(q[i] * (1 - q[i]) / DRAWS);
            assertThat((double) counts[i] / DRAWS).as("sample %d", i).isCloseTo(q[i], within(4 * sd));
        }
    }

    @Test
    void inclusionsAreNegativelyCorrelated() {
        double[] q = {.5, .5, .3, .7, .6, .4};
        double[][] both = new double[6][6];
        Rng rng = new Rng(6);
        for (int draw = 0; draw < DRAWS; draw++) {
            int[] chosen = DepRound.draw(q, rng);
            for (int i : chosen) {
                for (int j : chosen) {
                    both[i][j]++;
                }
            }
        }
        for (int i = 0; i < 6; i++) {
            for (int j = 0; j < i; j++) {
                assertThat(both[i][j] / DRAWS).as("%d and %d", i, j).isLessThan(q[i] * q[j] + .005);
            }
        }
    }

    @Test
    void wholeAndEmptyProbabilities() {
        Rng rng = new Rng(1);
        assertThat(DepRound.draw(new double[] {1, 0, 1, 0}, rng)).containsExactly(0, 2);
        assertThat(DepRound.draw(new double[0], rng)).isEmpty();
        assertThat(DepRound.draw(new double[] {0, 0}, rng)).isEmpty();
        assertThat(DepRound.draw(new double[] {1 - 1e-12, 1e-12}, rng)).containsExactly(0);
        int ones = 0;
        for (int draw = 0; draw < 10_000; draw++) {
            ones += DepRound.draw(new double[] {.3}, rng).length;
        }
        assertThat(ones).as("a sum that is not whole leaves a coin").isBetween(2_800, 3_200);
        assertThatThrownBy(() -> DepRound.draw(new double[] {.5, Double.NaN}, rng))
                .hasMessageContaining("NaN at 1");
        assertThatThrownBy(() -> DepRound.draw(new double[] {1.5}, rng)).hasMessageContaining("got 1.5 at 0");
    }

    @Test
    void aMillionSamplesWithRoundingErrorsGiveTheExactSize() {
        double[] q = new double[1_000_000];
        Arrays.fill(q, .1);
        int[] chosen = DepRound.draw(q, new Rng(2));
        assertThat(chosen).hasSize(100_000).isSorted().doesNotHaveDuplicates();
        assertThat(chosen).isEqualTo(DepRound.draw(q, new Rng(2)));
        assertThat(chosen).isNotEqualTo(DepRound.draw(q, new Rng(3)));
    }
}
