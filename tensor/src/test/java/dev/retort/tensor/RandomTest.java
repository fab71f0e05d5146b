package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Ranges, moments and reproducibility of the random tensors. The limits are five standard errors.
class RandomTest {
    private static final int N = 40_000;

    private static void moments(Tensor x, double mean, double variance) {
        Tensor wide = x.to(DType.F64);
        assertThat(wide.mean().item()).isCloseTo(mean, within(5 * Math.sqrt(variance / N)));
        assertThat(wide.var().item()).isCloseTo(variance, within(5 * variance * Math.sqrt(2.0 / N)));
    }

    @Test
    void uniformDrawsStayBelowTheUpperBound() {
        for (DType dtype : new DType[] {DType.F64, DType.F32, DType.F16, DType.BF16}) {
            Tensor x = Random.uniform(new Rng(1), -1, 2, dtype, N);
            assertThat(x.amin().item()).isGreaterThanOrEqualTo(-1);
            assertThat(x.amax().item()).isLessThan(2);
            moments(x, 0.5, 9 / 12.0);
        }
        // Nearly every draw would round up to the bound.
        Tensor narrow = Random.uniform(new Rng(1), 1, 1 + 0x1p-23, DType.F32, 100);
        assertThat(narrow.amax().item()).isEqualTo(1);
        assertThat(Random.uniform(new Rng(1), -1, 0, DType.BF16, N).amax().item())
                .isNegative();
    }

    @Test
    void uniformIntegersReachAllValues() {
        Tensor x = Random.uniform(new Rng(2), -2, 3, DType.I64, N);
        for (int value = -2; value < 3; value++) {
            assertThat(x.eq(value).to(DType.F64).mean().item()).isCloseTo(0.2, within(0.01));
        }
        assertThat(x.amin().item()).isEqualTo(-2);
        assertThat(x.amax().item()).isEqualTo(2);
    }

    @Test
    void normalDraws() {
        moments(Random.normal(new Rng(3), 1, 2, DType.F32, N), 1, 4);
        Tensor x = Random.normal(new Rng(3), 0, 1, DType.F64, N);
        assertThat(x.abs().lt(1).to(DType.F64).mean().item()).isCloseTo(0.6827, within(0.012));
        assertThat(x.abs().gt(3).to(DType.F64).mean().item()).isCloseTo(0.0027, within(0.0013));
    }

    @Test
    void truncatedNormalDraws() {
        moments(Random.truncatedNormal(new Rng(4), 0, 1, -2, 2, DType.F64, N), 0, 0.7737);
        moments(
                Random.truncatedNormal(new Rng(4), 0, 1, 0, 100, DType.F32, N),
                Math.sqrt(2 / Math.PI),
                1 - 2 / Math.PI);
        Tensor tail = Random.truncatedNormal(new Rng(4), 0, 1, 8, 9, DType.F64, N);
        assertThat(tail.amin().item()).isBetween(8.0, 8.001);
        assertThat(tail.mean().item()).isCloseTo(8.1211, within(0.003)); // φ(8)/(1 − Φ(8))
        assertThat(Random.truncatedNormal(new Rng(4), 0, 1, -9, -8, DType.F64, N)
                        .mean()
                        .item())
                .isCloseTo(-8.1211, within(0.003));
    }

    @Test
    void coinsAndDropout() {
        Tensor coins = Random.bernoulli(new Rng(5), Tensor.full(0.3, DType.F32, N));
        assertThat(coins.mean().item()).isCloseTo(0.3, within(0.012));
        Tensor dropped = Tensor.ones(DType.F64, N).dropout(0.2, new Rng(6));
        assertThat(dropped.mean().item()).isCloseTo(1, within(0.013));
        assertThat(dropped.amax().item()).isEqualTo(1.25);
        assertThat(Tensor.ones(N).dropout(0.2, new Rng(6)).ne(0).toBooleans())
                .as("one mask for all dtypes")
                .isEqualTo(dropped.ne(0).toBooleans());
    }

    @Test
    void multinomialFollowsTheWeights() {
        Tensor weights = Tensor.of(new double[] {1, 0, 3, 4}, 1, 4);
        Tensor drawn = Random.multinomial(new Rng(7), weights, N, true);
        double[] expected = {0.125, 0, 0.375, 0.5};
        for (int c = 0; c < 4; c++) {
            assertThat(drawn.eq(c).to(DType.F64).mean().item()).isCloseTo(expected[c], within(0.0125));
        }
    }

    @Test
    void multinomialWithoutReplacementDrawsTheFirstInProportion() {
        int rows = 20_000;
        Tensor weights = Tensor.of(new double[] {1, 2, 5}).expand(rows, 3);
        Tensor drawn = Random.multinomial(new Rng(8), weights, 2, false);
        assertThat(drawn.select(1, 0).eq(drawn.select(1, 1)).any().toBooleans()).containsExactly(false);
        assertThat(drawn.select(1, 0).eq(2).to(DType.F64).mean().item()).isCloseTo(0.625, within(0.018));
        // Second is 2: first 0 (1/8) then 5/7, or first 1 (2/8) then 5/6.
        assertThat(drawn.select(1, 1).eq(2).to(DType.F64).mean().item()).isCloseTo(5.0 / 56 + 5.0 / 24, within(0.017));
    }

    @Test
    void permutationsHoldEveryNumberOnce() {
        long[] order = Random.permutation(new Rng(9), 1000).toLongs();
        assertThat(order).doesNotHaveDuplicates().hasSize(1000);
        assertThat(IntStream.range(0, 1000).filter(i -> order[i] == i).count()).isLessThan(10);
    }

    @Test
    void aSavedPositionResumesTheDraws() {
        Rng rng = new Rng(10);
        Random.normal(rng, 5);
        long saved = rng.position();
        float[] next = Random.normal(rng, 5).toFloats();
        assertThat(Random.normal(new Rng(10, saved), 5).toFloats()).containsExactly(next);
        assertThat(Random.normal(rng, 5).toFloats()).isNotEqualTo(next);
    }

    @Test
    void aPrefixOfADrawIsTheShorterDraw() {
        float[] longer = Random.uniform(new Rng(11), 103).toFloats();
        assertThat(Random.uniform(new Rng(11), 50).toFloats()).containsExactly(java.util.Arrays.copyOf(longer, 50));
    }
}
