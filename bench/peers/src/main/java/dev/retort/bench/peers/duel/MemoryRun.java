package dev.retort.bench.peers.duel;

import dev.retort.autograd.Autograd;
import dev.retort.bench.peers.PairedRatio;
import dev.retort.bench.peers.duel.TrainingRows.Workload;
import dev.retort.nn.Layer;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// Measures one figure of one network in a process of its own.
final class MemoryRun {
    private static final int SAMPLES = 60;
    private static final double MIB = 1 << 20;

    private final Workload work;

    private MemoryRun(Workload work) {
        this.work = work;
    }

    /// `retort`: live MiB at the peak of a step; `peer`: MiB that libtorch holds at its peak;
    /// `speed`: milliseconds a step takes with this process's heap.
    static double measure(String what, Workload work) {
        MemoryRun run = new MemoryRun(work);
        return switch (what) {
            case "retort" -> run.live();
            case "peer" -> run.resident();
            case "speed" -> run.speed();
            default -> throw new IllegalArgumentException("memory: expects retort, peer or speed, got " + what);
        };
    }

    private Side retort() {
        Rng rng = new Rng(1);
        Layer network = work.network(rng);
        return TrainingRows.retort(work, network, work.input(rng), work.target());
    }

    private double speed() {
        Side side = retort();
        double[] times = new double[7];
        for (int i = -3; i < times.length; i++) {
            long start = System.nanoTime();
            side.run().run();
            if (i >= 0) {
                times[i] = (System.nanoTime() - start) * 1e-6;
            }
        }
        return PairedRatio.median(times);
    }

    /// Collects all garbage after every few ops of a step and takes the largest filling that is left.
    private double live() {
        Side side = retort();
        side.run().run(); // the optimiser's state exists from now on
        int[] ops = new int[1];
        Engine.listener((op, inputs, outputs, nanos) -> ops[0]++);
        side.run().run();
        int every = Math.max(1, ops[0] / SAMPLES);
        double[] peak = new double[1];
        ops[0] = 0;
        Engine.listener((op, inputs, outputs, nanos) -> {
            if (ops[0]++ % every == 0) {
                peak[0] = Math.max(peak[0], used());
            }
        });
        side.run().run();
        Engine.listener(null);
        return peak[0];
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
