package dev.retort.bench.peers.duel;

/// Times one side: how often it runs in a sample is chosen so that a sample lasts long enough.
final class Stopwatch {
    private static final int MOST = 200_000;
    /// Runs without a faster one, after which a side counts as warm.
    private static final int STEADY = 5;
    /// What counts as faster.
    private static final double FASTER = 0.97;
    /// The longest warm-up, as a multiple of the shortest.
    private static final int PATIENCE = 10;

    private final Side side;
    private int repeats = 1;

    Stopwatch(Side side) {
        this.side = side;
    }

    Side side() {
        return side;
    }

    /// Runs for at least `seconds`, and on while runs become faster (the compiler has not had its say), at
    /// most ten times as long; then chooses the number of runs so that a sample lasts `sample` seconds.
    void warmUp(double seconds, double sample) {
        long begin = System.nanoTime();
        double fastest = Double.POSITIVE_INFINITY;
        int steady = 0;
        double elapsed = 0;
        while (elapsed < seconds || steady < STEADY && elapsed < PATIENCE * seconds) {
            long start = System.nanoTime();
            side.run().run();
            double took = (System.nanoTime() - start) * 1e-9;
            steady = took < FASTER * fastest ? 0 : steady + 1;
            fastest = Math.min(fastest, took);
            elapsed = (System.nanoTime() - begin) * 1e-9;
        }
        repeats = (int) Math.clamp(Math.ceil(sample / fastest), 1, MOST);
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
