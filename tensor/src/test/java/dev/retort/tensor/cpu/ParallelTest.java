package dev.retort.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
                .hasMessage("threads: expected 1 to 1024, got 0");
        assertThatThrownBy(() -> Parallel.forRange(3, 0, (from, to) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("forRange: grain expected at least 1, got 0");
    }

    @Test
    void aProcessorIsLeftToTheCompilerAtFirst() throws Exception {
        assertThat(threadsUsed("-XX:ActiveProcessorCount=3")).isEqualTo("2 3");
        assertThat(threadsUsed("-XX:ActiveProcessorCount=1")).isEqualTo("1 1");
        assertThat(threadsUsed("-XX:ActiveProcessorCount=3", "-Ddev.retort.threads=3"))
                .isEqualTo("3 3");
    }

    /// How many threads run a loop in a fresh process, first and after two seconds of loops.
    private static String threadsUsed(String... flags) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(flags));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Fresh.class.getName()));
        Process process = new ProcessBuilder(command).start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return printed.strip();
    }

    /// Main class of such a process.
    static final class Fresh {
        public static void main(String[] arguments) {
            int first = used(12, 20);
            used(1, 2100);
            System.out.println(first + " " + used(12, 20));
        }

        private static int used(int chunks, long millis) {
            Set<Thread> seen = ConcurrentHashMap.newKeySet();
            Parallel.forRange(chunks, 1, (from, to) -> {
                seen.add(Thread.currentThread());
                pause(millis);
            });
            return seen.size();
        }

        private static void pause(long millis) {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
