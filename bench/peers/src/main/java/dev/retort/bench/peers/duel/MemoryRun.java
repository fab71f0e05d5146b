package dev.retort.bench.peers.duel;

import dev.retort.autograd.Autograd;
import dev.retort.bench.peers.duel.TrainingRows.Workload;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/// Measures one figure of one network in a process of its own.
final class MemoryRun {
    /// Collections in one step; some 60 are left, as it is faster than the one before, which is timed.
    private static final int PLACES = 80;

    private static final double WARM_MILLIS = 1500;
    private static final double TIMED_MILLIS = 2000;
    private static final int TIMED_STEPS = 3;
    private static final double MIB = 1 << 20;

    private final Workload work;

    private MemoryRun(Workload work) {
        this.work = work;
    }

    /// `retort`: live MiB at the peak of a step; `peer`: MiB that libtorch holds at its peak;
    /// `collections`: the share of a step that waits for collections in this process's heap.
    static double measure(String what, Workload work) {
        MemoryRun run = new MemoryRun(work);
        return switch (what) {
            case "retort" -> run.live();
            case "peer" -> run.resident();
            case "collections" -> run.collecting();
            default -> throw new IllegalArgumentException("memory: expects retort, peer or collections, got " + what);
        };
    }

    private Side retort() {
        Rng rng = new Rng(1);
        Layer network = work.network(rng);
        return TrainingRows.retort(work, network, work.input(rng), work.target());
    }

    /// The share of their time that at least three steps, of two seconds together, wait for collections; behind
    /// the first and others of a second and a half.
    private double collecting() {
        Side side = retort();
        side.run().run();
        for (double warm = 0; warm < WARM_MILLIS; ) {
            warm += millis(side);
        }
        long before = collectionMillis();
        double all = 0;
        for (int steps = 0; all < TIMED_MILLIS || steps < TIMED_STEPS; steps++) {
            all += millis(side);
        }
        return (collectionMillis() - before) / all;
    }

    private static long collectionMillis() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }

    private static double millis(Side side) {
        long start = System.nanoTime();
        side.run().run();
        return (System.nanoTime() - start) * 1e-6;
    }

    /// The largest filling of the heap that full collections leave, with one again and again during a step.
    ///
    /// Another thread asks for them: a listener of the engine would know the places, but while it listens
    /// gradients are not given back, so the step would hold more. Arrays that only wait for their next use are
    /// none of the step's, and the collector may take them: there is no pool here.
    private double live() {
        System.setProperty("dev.retort.pool", "0"); // read with the first result
        Side side = retort();
        side.run().run(); // the optimiser's state exists from now on
        long pause = Math.max(1, Math.round(millis(side) / PLACES));
        Peak peak = new Peak(pause);
        side.run().run();
        return peak.end();
    }

    /// A thread that collects all garbage again and again and keeps the largest filling that was left.
    private static final class Peak {
        private final Thread thread;
        private volatile boolean ended;
        private double mebibytes;

        /// @param pause milliseconds between two collections, during which the step goes on
        Peak(long pause) {
            thread = Thread.ofPlatform().daemon().start(() -> {
                while (!ended) {
                    mebibytes = Math.max(mebibytes, used());
                    LockSupport.parkNanos(pause * 1_000_000);
                }
            });
        }

        double end() {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException("memory: interrupted", e);
            }
            return mebibytes;
        }
    }

    private static double used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / MIB;
    }

    /// Growth of the resident memory over that of the process with the weights alone, plus the weights.
    private double resident() {
        Rng rng = new Rng(1);
        Tensor input = work.input(rng);
        Tensor target = work.target();
        double[] weights = new double[1];
        Side side = peer(rng, input, target, weights);
        System.gc();
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5"); // resets the peak
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        double before = status("VmRSS:");
        for (int i = 0; i < 3; i++) {
            side.run().run();
        }
        return status("VmHWM:") - before + weights[0];
    }

    /// In a method of its own, so that Retort's network is garbage afterwards.
    private Side peer(Rng rng, Tensor input, Tensor target, double[] weights) {
        try (var _ = Autograd.noGrad()) {
            Layer network = work.network(rng);
            weights[0] = 4.0 * network.parameterCount() / MIB;
            return TrainingRows.peer(work, network, input, target, !work.isLanguage());
        }
    }

    private static double status(String field) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith(field))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024)
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
