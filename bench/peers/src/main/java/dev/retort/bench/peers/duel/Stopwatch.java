package dev.retort.bench.peers.duel;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;

/// Times one side: how often it runs in a sample is chosen so that a sample lasts long enough.
final class Stopwatch {
    private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();
    private static final int MOST = 200_000;
    /// Runs without a change, after which a side counts as warm.
    private static final int STEADY = 5;
    /// What counts as faster.
    private static final double FASTER = 0.97;
    /// Milliseconds of compilation that count as a change: a kernel's take longer, the odd small method's do not.
    private static final int COMPILED = 20;
    /// Seconds that a look at the clock is to last during the warm-up: shorter runs are looked at several
    /// at a time, as they will be timed, because a look at the compiler takes longer than the shortest of
    /// them.
    private static final double SHORT = 1e-3;

    private final Side side;
    private int repeats = 1;
    private double fastest = Double.POSITIVE_INFINITY;

    Stopwatch(Side side) {
        this.side = side;
    }

    Side side() {
        return side;
    }

    /// Runs for at least `seconds`, and on until for five runs and half of `seconds` no run was faster and the
    /// compiler had nothing to do, at most `patience` times as long; then chooses the number of runs so that a
    /// sample lasts `sample` seconds.
    void warmUp(double seconds, int patience, double sample) {
        long begin = System.nanoTime();
        long compiled = COMPILER.getTotalCompilationTime();
        int steady = 0;
        double changed = 0;
        double elapsed = 0;
        while (elapsed < seconds
                || (steady < STEADY || elapsed - changed < seconds / 2) && elapsed < patience * seconds) {
            double took = sample() * 1e-3;
            elapsed = (System.nanoTime() - begin) * 1e-9;
            steady++;
            if (took < FASTER * fastest || COMPILER.getTotalCompilationTime() > compiled + COMPILED) {
                compiled = COMPILER.getTotalCompilationTime();
                changed = elapsed;
                steady = 0;
            }
            fastest = Math.min(fastest, took);
            repeats = (int) Math.clamp(Math.ceil(SHORT / fastest), 1, MOST);
        }
        repeats = (int) Math.clamp(Math.ceil(sample / fastest), 1, MOST);
    }

    /// Seconds of the fastest run of the warm-up.
    double seconds() {
        return fastest;
    }

    /// Mean milliseconds of a run over one sample.
    double sample() {
        long start = System.nanoTime();
        for (int i = 0; i < repeats; i++) {
            side.run().run();
        }
        return (System.nanoTime() - start) * 1e-6 / repeats;
    }
}
