package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitsTest {
    private static int[] labels(int... counts) {
        return IntStream.range(0, counts.length)
                .flatMap(c -> IntStream.generate(() -> c).limit(counts[c]))
                .toArray();
    }

    private static long count(int[] part, int[] labels, int label) {
        return IntStream.of(part).filter(i -> labels[i] == label).count();
    }

    @Test
    void partsAreDisjointCompleteAndStratified() {
        int[] labels = labels(500, 300, 200);
        Splits.Pool pool = Splits.pool(labels, 100, 50, 200, new Rng(1));
        assertThat(pool.labelled()).hasSize(100).isSorted();
        assertThat(pool.unlabelled()).hasSize(650);
        int[] all = IntStream.concat(
                        IntStream.concat(IntStream.of(pool.labelled()), IntStream.of(pool.validation())),
                        IntStream.concat(IntStream.of(pool.unlabelled()), IntStream.of(pool.test())))
                .sorted()
                .toArray();
        assertThat(all).isEqualTo(IntStream.range(0, 1000).toArray());
        assertThat(count(pool.labelled(), labels, 0)).isEqualTo(50);
        assertThat(count(pool.labelled(), labels, 1)).isEqualTo(30);
        assertThat(count(pool.test(), labels, 2)).isEqualTo(40);
    }

    @Test
    void sizesThatDoNotDivideAreOffByAtMostOne() {
        int[] labels = labels(7, 11, 3, 29);
        int[][] parts = Splits.stratified(labels, new int[] {13, 5, 0, 17}, new Rng(3));
        int[] sizes = {13, 5, 0, 17};
        for (int p = 0; p < parts.length; p++) {
            assertThat(parts[p]).hasSize(sizes[p]);
            for (int c = 0; c < 4; c++) {
                double share = share(labels, c) * sizes[p];
                assertThat((double) count(parts[p], labels, c)).isBetween(share - 1, share + 1);
            }
        }
    }

    private static double share(int[] labels, int label) {
        return (double) IntStream.of(labels).filter(l -> l == label).count() / labels.length;
    }

    @Test
    void theSeedDecides() {
        int[] labels = labels(50, 50);
        int[] sizes = {20};
        assertThat(Splits.stratified(labels, sizes, new Rng(1))[0])
                .isEqualTo(Splits.stratified(labels, sizes, new Rng(1))[0])
                .isNotEqualTo(Splits.stratified(labels, sizes, new Rng(2))[0]);
    }

    @Test
    void impossibleSplitsAreRefused() {
        int[] labels = labels(5, 5);
        assertThatThrownBy(() -> Splits.pool(labels, 6, 3, 2, new Rng(1)))
                .isInstanceOf(OpException.class)
                .hasMessage("split: expects at most 10 samples in all, got 6 labelled + 3 validation + 2 test");
        assertThatThrownBy(() -> Splits.stratified(new int[] {0, -1}, new int[] {1}, new Rng(1)))
                .hasMessageContaining("labelled samples, got label -1");
        assertThatThrownBy(() -> Splits.stratified(labels, new int[] {8, 3}, new Rng(1)))
                .hasMessageContaining("at most 10");
    }

    @Test
    void subsetsTranslateIndices() {
        Dataset source = new TensorDataset(Tensor.zeros(4, 2), Tensor.of(new long[] {5, 6, 7, 8}));
        Subset subset = new Subset(source, new int[] {3, 1});
        assertThat(subset.labels()).containsExactly(8, 6);
        assertThat(subset.sourceIndex(0)).isEqualTo(3);
        assertThatThrownBy(() -> new Subset(source, new int[] {4})).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
