package dev.retort.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParallelTest {
    private final int before = Parallel.threads();

    @AfterEach
    void restore() {
        Parallel.setThreads(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void everyIndexRunsOnceInChunksOfTheGrain(int threads) {
        Parallel.setThreads(threads);
        AtomicIntegerArray runs = new AtomicIntegerArray(1003);
        Parallel.forRange(1003, 10, (from, to) -> {
            assertThat(from % 10).isZero();
            assertThat(to).isEqualTo(Math.min(from + 10, 1003));
            for (int i = from; i < to; i++) {
                runs.incrementAndGet(i);
            }
        });
        for (int i = 0; i < 1003; i++) {
            assertThat(runs.get(i)).isEqualTo(1);
        }
    }

    @Test
    void nestedLoopsRunInline() {
        Parallel.setThreads(4);
        AtomicInteger sum = new AtomicInteger();
        Parallel.forRange(8, 1, (from, to) -> {
            Thread outer = Thread.currentThread();
            Parallel.forRange(8, 1, (a, b) -> {
                assertThat(Thread.currentThread()).isSameAs(outer);
                sum.incrementAndGet();
            });
        });
        assertThat(sum.get()).isEqualTo(64);
    }

    @Test
    void anExceptionReachesTheCallerAndTheNextLoopWorks() {
        Parallel.setThreads(3);
        assertThatThrownBy(() -> Parallel.forRange(100, 1, (from, to) -> {
                    if (from == 42) {
                        throw new IllegalStateException("chunk " + from);
                    }
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("chunk 42");
        AtomicInteger chunks = new AtomicInteger();
        Parallel.forRange(100, 1, (from, to) -> chunks.incrementAndGet());
        assertThat(chunks.get()).isEqualTo(100);
    }

    @Test
    void emptyRangesDoNothing() {
        Parallel.forRange(0, 1, (from, to) -> {
            throw new AssertionError("no index to run");
        });
        assertThat(Parallel.threads()).isPositive();
    }

    @Test
    void countsBelowOneAreRejected() {
        assertThatThrownBy(() -> Parallel.setThreads(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("threads: expected at least 1, got 0");
        assertThatThrownBy(() -> Parallel.forRange(3, 0, (from, to) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("forRange: grain expected at least 1, got 0");
    }
}
