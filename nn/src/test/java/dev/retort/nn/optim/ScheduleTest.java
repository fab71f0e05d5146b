package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Schedules against the recursions and closed forms of PyTorch's.
class ScheduleTest {
    private static void check(Schedule schedule, double... expected) {
        double[] factors = new double[expected.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = schedule.factor(i);
        }
        assertThat(factors).containsExactly(expected, within(1e-12));
    }

    private static double cosine(double share, double last) {
        return last + (1 - last) * (1 + Math.cos(Math.PI * share)) / 2;
    }

    @Test
    void powersLinesAndConstants() {
        check(Schedule.exponential(0.5), 1, 0.5, 0.25, 0.125);
        check(Schedule.linear(0.25, 1, 3), 0.25, 0.5, 0.75, 1, 1);
        check(Schedule.constant(0.5, 2), 0.5, 0.5, 1, 1);
        check(new Multiplicative(i -> 1.0 / i), 1, 1, 0.5, 1 / 6.0, 1 / 24.0);
        Multiplicative back = new Multiplicative(i -> i);
        assertThat(back.factor(4)).isEqualTo(24);
        assertThat(back.factor(3)).as("asked for an earlier step").isEqualTo(6);
        assertThatThrownBy(() -> Schedule.exponential(0)).isInstanceOf(OpException.class);
    }

    @Test
    void cosines() {
        check(Schedule.cosineAnnealing(2, 0.2), cosine(0, 0.2), cosine(0.5, 0.2), 0.2, cosine(0.5, 0.2), 1);
        check(
                Schedule.cosineAnnealingWarmRestarts(2, 2, 0.1),
                1,
                cosine(0.5, 0.1),
                1,
                cosine(0.25, 0.1),
                cosine(0.5, 0.1),
                cosine(0.75, 0.1),
                1,
                cosine(1 / 8.0, 0.1));
        check(Schedule.cosineAnnealingWarmRestarts(2, 1, 0), 1, 0.5, 1, 0.5, 1);
    }

    @Test
    void cycles() {
        check(new Cyclic(5, 2, 4), 1, 3, 5, 4, 3, 2, 1, 3, 5);
        check(new Cyclic(5, 1, 1, Cyclic.Mode.TRIANGULAR2, 1), 1, 5, 1, 3, 1, 2, 1);
        check(new Cyclic(5, 1, 1, Cyclic.Mode.EXP_RANGE, 0.5), 1, 3, 1, 1.5, 1);
        check(new OneCycle(5, 0.4, 4, 2, true, false), 0.25, 1, 0.708333333333333, 0.416666666666667, 0.125);
        check(
                new OneCycle(11, 0.28, 5, 2, true, true),
                0.2,
                0.2 + 0.8 / 2.08,
                0.2 + 0.8 * 2 / 2.08,
                1 - 0.8 * 0.92 / 2.08,
                1 - 0.8 * 1.92 / 2.08,
                0.2 - 0.1 * (5 - 4.16) / (10 - 4.16));
        check(Schedule.oneCycle(5, 0.4, 4, 2), new OneCycle(5, 0.4, 4, 2, false, false).factor(0), 1);
    }

    @Test
    void oneAfterTheOtherAndTogether() {
        Schedule warm = Schedule.linear(0.5, 1, 2);
        check(Schedule.sequential(new long[] {2}, warm, Schedule.exponential(0.5)), 0.5, 0.75, 1, 0.5, 0.25);
        check(Schedule.chained(Schedule.constant(0.5, 2), Schedule.exponential(0.5)), 0.5, 0.25, 0.25, 0.125);
        assertThatThrownBy(() -> Schedule.sequential(new long[] {2}, warm)).hasMessageContaining("one schedule more");
        assertThatThrownBy(() -> Schedule.sequential(new long[] {2, 2}, warm, warm, warm))
                .hasMessageContaining("rising milestones");
    }

    @Test
    void plateausWithRestAndLimits() {
        SGD sgd = new SGD(Map.of("w", new Parameter(Tensor.ones(1))), SGD.Config.of(1));
        ReduceOnPlateau.Config config = new ReduceOnPlateau.Config(false, 0.5, 1, 0.1, false, 2, 0.3, 0);
        ReduceOnPlateau schedule = new ReduceOnPlateau(sgd, config);
        double[] metrics = {1, 0.95, 0.95, 0.9, 0.9, 0.9, 0.9, 0.5};
        double[] rates = {1, 1, 0.5, 0.5, 0.5, 0.5, 0.3, 0.3};
        for (int i = 0; i < metrics.length; i++) {
            schedule.step(metrics[i]);
            assertThat(sgd.lr()).as("after " + i).isEqualTo(rates[i]);
        }
        ReduceOnPlateau again = new ReduceOnPlateau(sgd, config);
        again.loadStateDict(schedule.stateDict());
        assertThat(again.stateDict().get("best").item()).isEqualTo(0.5);
        SGD second = new SGD(Map.of("w", new Parameter(Tensor.ones(1))), SGD.Config.of(1));
        ReduceOnPlateau accuracy = new ReduceOnPlateau(second, true, 0.1, 0);
        assertThat(accuracy.step(0.5)).isFalse();
        assertThat(accuracy.step(0.50001))
                .as("less than a share of 1e-4 better")
                .isTrue();
        assertThat(second.lr()).isEqualTo(0.1);
    }
}
