package dev.retort.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class IntervalChartTest {
    @Test
    void drawsADotAndABarARow() {
        String svg = new IntervalChart("points <", 0)
                .add("a & b", 1, 0.5)
                .add("c", -2, Double.POSITIVE_INFINITY)
                .toSvg();
        assertThat(svg).contains("a &amp; b", "points &lt;", "<circle").startsWith("<svg class=\"chart\"");
        assertThat(svg.split("<circle")).hasSize(3);
        // from -2 to 2 over 470 pixels: 1 ± 0.5 is a bar of a fourth of it, and c a bar of nothing
        assertThat(svg).contains("x1=\"523.8\" y1=\"22\" x2=\"641.3\"").contains("x1=\"230.0\" y1=\"46\" x2=\"230.0\"");
        assertThatThrownBy(() -> new IntervalChart("x", 0).add("bad", Double.NaN, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
