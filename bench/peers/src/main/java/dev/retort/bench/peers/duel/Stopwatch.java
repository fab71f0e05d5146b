package dev.retort.bench.peers.duel;

/// Times one side: how often it runs in a sample is chosen so that a sample lasts long enough.
final class Stopwatch {
    private static final int MOST = 200_000;

    private final Side side;
    private int repeats = 1;

    Stopwatch(Side side) {
        this.side = side;
    }

    Side side() {
        return side;
    }

    /// Runs for at least `seconds` and at least twice, until the compiler has had its say; then
    /// chooses the number of runs so that a sample lasts `sample` seconds.
    void warmUp(double seconds, double sample) {
        long end = System.nanoTime() + (long) (seconds * 1e9);
        double fastest = Double.POSITIVE_INFINITY;
        int runs = 0;
        while (runs < 2 || System.nanoTime() < end) {
            long start = System.nanoTime();
            side.run().run();
            fastest = Math.min(fastest, (System.nanoTime() - start) * 1e-9);
            runs++;
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
