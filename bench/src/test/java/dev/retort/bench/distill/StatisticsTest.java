package dev.retort.bench.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class StatisticsTest {
    @Test
    void meanAndDeviationOfAHandComputedExample() {
        assertThat(Statistics.mean(List.of(2.0, 4.0, 9.0))).isEqualTo(5);
        assertThat(Statistics.sd(List.of(2.0, 4.0, 9.0))).isCloseTo(Math.sqrt(13), within(1e-12));
        assertThat(Statistics.sd(List.of(7.0))).isZero();
    }

    /// Differences 1, 2, 3: mean 2, sd 1, t(2) = 4.303, so ± 4.303/√3 = 2.484.
    @Test
    void pairedIntervalUsesStudentsT() {
        Statistics.Difference d = Statistics.paired(List.of(5.0, 5.0, 5.0), List.of(4.0, 3.0, 2.0));

        assertThat(d.mean()).isEqualTo(2);
        assertThat(d.halfWidth()).isCloseTo(2.4843, within(1e-3));
        assertThat(d.isClear()).isFalse();
    }

    @Test
    void oneSeedIsNeverClear() {
        assertThat(Statistics.paired(List.of(0.9), List.of(0.1)).isClear()).isFalse();
    }
}
