package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RecentArraysTest {
    private static final int N = 512;

    @Test
    void givesBackArraysOfTheSameLengthOnly() {
        drain(N);
        float[] array = new float[N];
        assertThat(RecentArrays.put(array)).isTrue();
        assertThat(RecentArrays.take(N + 1)).isNull();
        assertThat(RecentArrays.take(N)).isSameAs(array);
        assertThat(RecentArrays.take(N)).isNull();
    }

    @Test
    void leavesTinyAndLargeArraysToOthers() {
        assertThat(RecentArrays.put(new float[RecentArrays.LEAST - 1])).isFalse();
        assertThat(RecentArrays.put(new float[ArrayPool.LEAST * 4 + 1])).isFalse();
    }

    @Test
    void keepsFewOfALength() {
        drain(N);
        int kept = 0;
        while (RecentArrays.put(new float[N])) {
            kept++;
            assertThat(kept).isLessThan(100);
        }
        assertThat(kept).isPositive();
        assertThat(drain(N)).isEqualTo(kept);
    }

    @Test
    void threadsHaveTheirOwn() {
        drain(N);
        RecentArrays.put(new float[N]);
        assertThat(CompletableFuture.supplyAsync(() -> RecentArrays.take(N) == null)
                        .join())
                .isTrue();
    }

    @Test
    void aSmallResultThatWasGivenBackIsUsedAgain() {
        Tensor x = Tensor.ones(DType.F32, 16, 16);
        Tensor first = x.matmul(x);
        float[] array = ((HostStorage) first.storage()).floats();
        first.storage().release();
        assertThatThrownBy(() -> first.add(1)).isInstanceOf(OpException.class).hasMessageContaining("was given back");
        Tensor second = x.matmul(x);
        assertThat(((HostStorage) second.storage()).floats()).isSameAs(array).containsOnly(16);
    }

    private static int drain(int length) {
        int count = 0;
        while (RecentArrays.take(length) != null) {
            count++;
        }
        return count;
    }
}
