package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.ReductionMethods.ValuesIndices;
import dev.retort.tensor.op.IndexOp.Reduction;
import org.junit.jupiter.api.Test;

/// Scans, selections and writes at indices that are made of other methods, by hand-computed values.
class ScanMethodsTest {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final double NAN = Double.NaN;

    private static Tensor of(double... values) {
        return Tensor.of(values);
    }

    private static Tensor places(long... values) {
        return Tensor.of(values);
    }

    @Test
    void runningExtremesTakeTheLastOfEqualsAndKeepNaN() {
        ValuesIndices most = of(1, 3, 3, 2, NAN, 5, NAN).cummax(0);
        assertThat(most.values().toDoubles()).containsExactly(1, 3, 3, 3, NAN, NAN, NAN);
        assertThat(most.indices().toLongs()).containsExactly(0, 1, 2, 2, 4, 4, 6);
        ValuesIndices least =
                Tensor.of(new long[] {3, 3, 5, 1, 9, 0}).reshape(2, 3).cummin(1);
        assertThat(least.values().toLongs()).containsExactly(3, 3, 3, 1, 1, 0);
        assertThat(least.indices().toLongs()).containsExactly(0, 1, 1, 0, 0, 2);
        assertThat(of(7).reshape().cummax(0).values().item()).isEqualTo(7);
        assertThat(Tensor.zeros(0, 2).cummax(0).values().shape()).isEqualTo(Shape.of(0, 2));
        assertThatThrownBy(() -> of(1).cummax(1)).hasMessageContaining("cummax");
    }

    @Test
    void runningLogarithmsOfSumsStayInRange() {
        double[] sums = of(1000, 1000, 1000, -INF).logcumsumexp(0).toDoubles();
        for (int i = 0; i < 4; i++) {
            assertThat(sums[i]).isCloseTo(1000 + Math.log(Math.min(3, i + 1)), within(1e-12));
        }
        assertThat(of(-INF, -INF).logcumsumexp(0).toDoubles()).containsExactly(-INF, -INF);
        assertThat(Tensor.of(new int[] {0, 0}).logcumsumexp(0).dtype()).isEqualTo(DType.F32);
    }

    @Test
    void integralsAndDifferences() {
        assertThat(of(1, 4, 9, 16).diff(2, 0).toDoubles()).containsExactly(2, 2);
        assertThat(of(1, 3, 2).trapezoid(0.5, 0).item()).isEqualTo(2.25);
        assertThat(of(1, 3, 2, 2, 0, 4).reshape(2, 3).trapezoid(of(0, 1, 4), 1).toDoubles())
                .containsExactly(9.5, 7);
        assertThat(of(1, 3, 2).cumulativeTrapezoid(of(0, 1, 4), -1).toDoubles()).containsExactly(2, 9.5);
        assertThat(of(1, 3, 2).cumulativeTrapezoid(2, 0).toDoubles()).containsExactly(4, 9);
        assertThatThrownBy(() -> of(1).diff(-1, 0)).hasMessageContaining("diff: expects times >= 0");
    }

    @Test
    void mostFrequentElements() {
        ValuesIndices mode = of(3, 1, 1, 3, 5, 2, 2, 4, 4, 4).reshape(2, 5).mode(1, false);
        assertThat(mode.values().toDoubles()).containsExactly(1, 4);
        assertThat(mode.indices().toLongs()).containsExactly(2, 4);
        assertThat(of(1, 1, 2).reshape(3, 1).mode(0, true).values().shape()).isEqualTo(Shape.of(1, 1));
        assertThat(of(9).reshape().mode(0, false).values().item()).isEqualTo(9);
        assertThatThrownBy(() -> Tensor.zeros(0).mode(0, false)).hasMessageContaining("mode: expects at least one");
    }

    @Test
    void orderStatistics() {
        Tensor x = of(4, NAN, 2, NAN, NAN, NAN, 3, 9, 1).reshape(3, 3);
        ValuesIndices median = x.nanmedian(1, false);
        assertThat(median.values().toDoubles()).containsExactly(2, NAN, 3);
        assertThat(median.indices().toLongs()).containsExactly(2, 0, 0);
        assertThat(of(3, 1, 2, 0).reshape(2, 2).msort().toDoubles()).containsExactly(2, 0, 3, 1);
        assertThat(of(3, 1, 2).aminmax().min().item()).isEqualTo(1);
        assertThat(of(3, 1, 2).aminmax(0, true).max().toDoubles()).containsExactly(3);
    }

    @Test
    void covariancesAndNorms() {
        Tensor x = of(1, 2, 3, 6, 4, 2).reshape(2, 3);
        assertThat(x.cov().toDoubles()).containsExactly(1, -2, -2, 4);
        assertThat(x.cov(0).get(0, 0)).isCloseTo(2 / 3.0, within(1e-15));
        assertThat(x.corrcoef().toDoubles()).containsExactly(1, -1, -1, 1);
        assertThat(of(1, 2, 3).cov().item()).isEqualTo(1);
        assertThat(of(3, 4, 0.3, 0.4)
                        .reshape(2, 2)
                        .renorm(2, 0, 1)
                        .norm(2, false, 1)
                        .toDoubles())
                .satisfies(norms -> {
                    assertThat(norms[0]).isCloseTo(1, within(1e-7));
                    assertThat(norms[1]).isEqualTo(0.5);
                });
        assertThatThrownBy(() -> of(1).renorm(2, 0, 1)).hasMessageContaining("renorm: expects a rank");
        assertThatThrownBy(() -> Tensor.zeros(1, 1, 1).cov()).hasMessageContaining("cov: expects");
    }

    @Test
    void reductionsAtIndices() {
        Tensor x = of(1, 2, 3, 4);
        Tensor at = places(0, 0, 2);
        Tensor s = of(5, 7, 2);
        assertThat(x.scatterReduce(0, at, s, Reduction.SUM, true).toDoubles()).containsExactly(13, 2, 5, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.SUM, false).toDoubles()).containsExactly(12, 2, 2, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.MEAN, true).toDoubles()).containsExactly(13 / 3.0, 2, 2.5, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.MEAN, false).toDoubles()).containsExactly(6, 2, 2, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.PROD, true).toDoubles()).containsExactly(35, 2, 6, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.PROD, false).toDoubles()).containsExactly(35, 2, 2, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.AMAX, true).toDoubles()).containsExactly(7, 2, 3, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.AMAX, false).toDoubles()).containsExactly(7, 2, 2, 4);
        assertThat(x.scatterReduce(0, at, s, Reduction.AMIN, true).toDoubles()).containsExactly(1, 2, 2, 4);
        Tensor whole = x.to(DType.I64).scatterReduce(0, at, s.neg().to(DType.I64), Reduction.AMAX, false);
        assertThat(whole.toLongs()).containsExactly(-5, 2, -2, 4);
        Tensor mean = x.to(DType.I64).scatterReduce(0, at, s.neg().to(DType.I64), Reduction.MEAN, true);
        assertThat(mean.toLongs()).containsExactly(-4, 2, 0, 4); // rounded down
    }

    @Test
    void slicesAtIndices() {
        Tensor x = of(1, 2, 3, 4, 5, 6).reshape(3, 2);
        assertThat(x.indexCopy(0, places(2, 0), of(9, 8, 7, 6).reshape(2, 2)).toDoubles())
                .containsExactly(7, 6, 3, 4, 9, 8);
        assertThat(x.indexFill(1, places(1), -1).toDoubles()).containsExactly(1, -1, 3, -1, 5, -1);
        assertThat(x.indexReduce(0, places(1, 1), of(2, 2, 3, 3).reshape(2, 2), Reduction.PROD, true)
                        .toDoubles())
                .containsExactly(1, 2, 18, 24, 5, 6);
        assertThat(x.take(places(5, 0).reshape(1, 2)).toDoubles()).containsExactly(6, 1);
        Tensor mask = Tensor.of(new boolean[] {true, false});
        assertThat(x.maskedScatter(mask, of(7, 8, 9, 10)).toDoubles()).containsExactly(7, 2, 8, 4, 9, 6);
        assertThatThrownBy(() -> x.maskedScatter(mask, of(7))).hasMessageContaining("masked_scatter: expects a source");
        assertThatThrownBy(() -> x.indexCopy(0, places(0), of(1))).hasMessageContaining("index_copy: expects");
    }

    @Test
    void placesInRows() {
        Tensor edges = of(1, 3, 5, 2, 4, 6).reshape(2, 3);
        Tensor values = of(3, 9, 3, 0).reshape(2, 2);
        assertThat(edges.searchsorted(values, false).toLongs()).containsExactly(1, 3, 1, 0);
        assertThat(edges.searchsorted(values, true).toLongs()).containsExactly(2, 3, 1, 0);
    }

    @Test
    void distinctSlicesAndRuns() {
        Tensor x = of(2, 1, 0, 5, 2, 1, 0, 5, 0, 4).reshape(5, 2);
        CountingMethods.Distinct rows = x.unique(0);
        assertThat(rows.values().toDoubles()).containsExactly(0, 4, 0, 5, 2, 1);
        assertThat(rows.inverse().toLongs()).containsExactly(2, 1, 2, 1, 0);
        assertThat(rows.counts().toLongs()).containsExactly(1, 2, 2);
        CountingMethods.Distinct runs = of(1, 1, 2, 1, NAN, NAN).uniqueConsecutive();
        assertThat(runs.values().toDoubles()).containsExactly(1, 2, 1, NAN, NAN);
        assertThat(runs.inverse().toLongs()).containsExactly(0, 0, 1, 2, 3, 4);
        assertThat(runs.counts().toLongs()).containsExactly(2, 1, 1, 1, 1);
    }
}
