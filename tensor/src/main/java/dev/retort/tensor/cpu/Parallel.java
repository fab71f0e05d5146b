package dev.retort.tensor.cpu;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Splits loops over a pool of daemon threads; the split depends on the size only, never on the number
/// of threads.
///
/// Chunk `i` of a range covers `[i * grain, min(n, (i + 1) * grain))`, whoever runs it and in whatever
/// order, so a kernel that keeps one partial result per chunk and combines them in index order gives the
/// same bits at any thread count. Calls from inside a chunk run inline. The first exception thrown by a
/// chunk stops the chunks not yet started and is thrown to the caller.
///
/// The thread count starts at the system property `dev.retort.threads`, else at the number of processors. That number
/// less one is used until loops have run for two seconds: kernels are interpreted at first, and on a machine of few
/// processors they would take them from the compiler that is to make them fast.
public final class Parallel {
    /// Body of a loop over a half-open range of indices.
    @FunctionalInterface
    public interface RangeBody {
        /// Runs indices `from` (inclusive) to `to` (exclusive).
        void run(int from, int to);
    }

    /// How long the caller polls for its last chunks before it parks: about the cost of one park and
    /// unpark.
    private static final int SPINS = 2_000;

    /// How long an idle worker polls for the next loop before it parks: longer than most gaps between two ops of a step
    /// (measured: docs/design-notes.md).
    private static final long IDLE_NANOS = 1_000_000;

    /// Turns of polling from one offer of the processor to the next.
    private static final int TURNS = 8;

    /// Counters a cache line apart.
    private static final int LINE = 16;

    /// How long loops leave a processor to the compiler, unless a thread count was asked for (measured:
    /// docs/design-notes.md).
    private static final long COMPILING_NANOS = 2_000_000_000L;

    /// Each of them is a thread of the system as soon as a loop has so many chunks.
    private static final int MOST_THREADS = 1024;

    private static final LinkedBlockingQueue<Job> QUEUE = new LinkedBlockingQueue<>();
    private static final ThreadLocal<boolean[]> INSIDE = ThreadLocal.withInitial(() -> new boolean[1]);

    private static volatile int threads = initialThreads();
    private static volatile boolean warm = Integer.getInteger("dev.retort.threads", 0) > 0;
    private static final AtomicLong LOOPED = new AtomicLong();
    private static int workers;

    private Parallel() {}

    /// Number of threads that loops may use, the calling one included; at least 1.
    public static int threads() {
        return threads;
    }

    /// Sets the number of threads that loops may use, the calling one included; results do not depend on
    /// it.
    ///
    /// @throws IllegalArgumentException if `count` is below 1 or above 1024
    public static void setThreads(int count) {
        if (count < 1 || count > MOST_THREADS) {
            throw new IllegalArgumentException("threads: expected 1 to " + MOST_THREADS + ", got " + count);
        }
        threads = count;
        warm = true;
    }

    /// Runs `body` over `[0, n)` in chunks of `grain` indices and returns when all are done.
    ///
    /// @throws IllegalArgumentException if `grain` is below 1
    public static void forRange(int n, int grain, RangeBody body) {
        if (grain < 1) {
            throw new IllegalArgumentException("forRange: grain expected at least 1, got " + grain);
        }
        if (n <= 0) {
            return;
        }
        int chunks = (n - 1) / grain + 1;
        boolean[] inside = INSIDE.get();
        if (!warm && !inside[0]) {
            long start = System.nanoTime();
            forRange(n, grain, chunks, Math.max(1, threads - 1), inside, body);
            if (LOOPED.addAndGet(System.nanoTime() - start) > COMPILING_NANOS) {
                warm = true;
            }
        } else {
            forRange(n, grain, chunks, threads, inside, body);
        }
    }

    private static void forRange(int n, int grain, int chunks, int most, boolean[] inside, RangeBody body) {
        int helpers = Math.min(most, chunks) - 1;
        if (helpers == 0 || inside[0]) {
            for (int i = 0; i < chunks; i++) {
                int from = i * grain;
                body.run(from, Math.min(n - from, grain) + from);
            }
            return;
        }
        ensureWorkers(helpers);
        Job job = new Job(n, grain, chunks, helpers + 1, body);
        for (int i = 0; i < helpers; i++) {
            QUEUE.add(job);
        }
        inside[0] = true;
        try {
            job.drain(0);
            job.await();
        } finally {
            inside[0] = false;
        }
        job.rethrow();
    }

    private static int initialThreads() {
        int set = Integer.getInteger("dev.retort.threads", 0);
        return Math.min(MOST_THREADS, set > 0 ? set : Runtime.getRuntime().availableProcessors());
    }

    private static synchronized void ensureWorkers(int count) {
        while (workers < count) {
            workers++;
            int number = workers;
            Thread worker = new Thread(() -> work(number), "retort-worker-" + number);
            worker.setDaemon(true);
            worker.start();
        }
    }

    private static void work(int number) {
        INSIDE.get()[0] = true;
        while (true) {
            try {
                nextJob().drain(number);
            } catch (InterruptedException e) {
                // Nobody owns a worker, so an interrupt has no one to report to: the worker keeps serving.
                Thread.interrupted();
            }
        }
    }

    /// The next loop, polled for or waited for.
    private static Job nextJob() throws InterruptedException {
        long start = System.nanoTime();
        for (int polls = 1; System.nanoTime() - start < IDLE_NANOS; polls++) {
            Job job = QUEUE.poll();
            if (job != null) {
                return job;
            }
            pause(polls);
        }
        return QUEUE.take();
    }

    /// One turn of polling. Now and then it offers the processor: a system may have put caller and
    /// worker on the same one, where each would poll for what the other one can't do meanwhile.
    private static void pause(int turn) {
        if (turn % TURNS == 0) {
            Thread.yield();
        } else {
            Thread.onSpinWait();
        }
    }

    /// One parallel loop, over when `done` has reached `chunks`.
    ///
    /// Each thread has a range of neighbouring chunks, the same in every loop of so many, so that it finds in its
    /// caches what it wrote there last; who has finished takes from the others' ranges.
    private static final class Job {
        private final int n;
        private final int grain;
        private final int chunks;
        private final RangeBody body;
        private final Thread caller = Thread.currentThread();
        private final int ranges;
        private final AtomicIntegerArray next;
        private final AtomicInteger done = new AtomicInteger();
        private volatile @Nullable Throwable failure;

        Job(int n, int grain, int chunks, int ranges, RangeBody body) {
            this.n = n;
            this.grain = grain;
            this.chunks = chunks;
            this.body = body;
            this.ranges = ranges;
            next = new AtomicIntegerArray(ranges * LINE);
            for (int r = 1; r < ranges; r++) {
                next.setPlain(r * LINE, first(r));
            }
        }

        private int first(int range) {
            return (int) ((long) chunks * range / ranges);
        }

        /// Runs chunks until none is left, those of thread `number` first.
        void drain(int number) {
            for (int k = 0; k < ranges; k++) {
                int range = (number + k) % ranges;
                int end = first(range + 1);
                for (int i = next.getAndIncrement(range * LINE); i < end; i = next.getAndIncrement(range * LINE)) {
                    if (failure == null) {
                        runChunk(i);
                    }
                    if (done.incrementAndGet() == chunks) {
                        LockSupport.unpark(caller);
                    }
                }
            }
        }

        private void runChunk(int i) {
            int from = i * grain;
            try {
                body.run(from, Math.min(n - from, grain) + from);
            } catch (Throwable t) {
                failure = t;
            }
        }

        void await() {
            int spins = 0;
            boolean interrupted = false;
            while (done.get() < chunks) {
                if (spins < SPINS) {
                    spins++;
                    pause(spins);
                } else {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
            }
            if (interrupted) {
                caller.interrupt();
            }
        }

        void rethrow() {
            Throwable t = failure;
            if (t instanceof RuntimeException e) {
                throw e;
            }
            if (t instanceof Error e) {
                throw e;
            }
        }
    }
}
