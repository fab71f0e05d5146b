package dev.retort.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatisticsTest {
    @Test
    void meanAndDeviationOfAHandComputedExample() {
        assertThat(Statistics.mean(List.of(2.0, 4.0, 9.0))).isEqualTo(5);
        assertThat(Statistics.sd(List.of(2.0, 4.0, 9.0))).isCloseTo(Math.sqrt(13), within(1e-12));
        assertThat(Statistics.sd(List.of(7.0))).isZero();
        assertThat(Statistics.halfWidth(List.of(7.0))).isInfinite();
    }

    /// Differences 1, 2, 3: mean 2, sd 1, t(2) = 4.303, so ± 4.303/√3 = 2.484; t = 2√3, p = 0.0742.
    @Test
    void pairedIntervalUsesStudentsT() {
        Statistics.Difference d = Statistics.paired(List.of(5.0, 5.0, 5.0), List.of(4.0, 3.0, 2.0));

        assertThat(d.mean()).isEqualTo(2);
        assertThat(d.halfWidth()).isCloseTo(2.4841, within(1e-4));
        assertThat(d.p()).isCloseTo(0.0742, within(1e-4));
        assertThat(d.isClear()).isFalse();
        assertThat(d.wins()).isEqualTo(3);
    }

    @Test
    void oneSeedIsNeverClear() {
        Statistics.Difference d = Statistics.paired(List.of(0.9), List.of(0.1));
        assertThat(d.isClear()).isFalse();
        assertThat(d.p()).isEqualTo(1);
        assertThat(Statistics.paired(List.of(.5, .5), List.of(.5, .5)).p()).isEqualTo(1);
        assertThatThrownBy(() -> Statistics.paired(List.of(.9), List.of())).hasMessageContaining("got 1 and 0");
    }

    /// Printed tables of t.
    @ParameterizedTest
    @CsvSource({"1, 12.706", "2, 4.303", "3, 3.182", "4, 2.776", "7, 2.365", "10, 2.228", "30, 2.042", "120, 1.980"})
    void quantiles(int degrees, double t) {
        assertThat(Statistics.quantile(degrees)).isCloseTo(t, within(6e-4));
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0.5", "2, 2.920, 0.1", "5, 4.032, 0.01", "6, 3.707, 0.01", "9, 1.833, 0.1"})
    void pValues(int degrees, double t, double p) {
        assertThat(Statistics.pValue(t, degrees)).isCloseTo(p, within(2e-4));
        assertThat(Statistics.pValue(0, degrees)).isCloseTo(1, within(1e-12));
    }

    /// 0.01·3, max with 0.02·2, then 0.03·1 is below what came before.
    @Test
    void holmKeepsTheOrder() {
        assertThat(Statistics.holm(List.of(.03, .01, .02))).containsExactly(.04, .03, .04);
        assertThat(Statistics.holm(List.of(.9, .8))).containsExactly(1.0, 1.0);
        assertThat(Statistics.holm(List.of())).isEmpty();
    }
}
