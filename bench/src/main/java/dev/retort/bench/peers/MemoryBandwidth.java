package dev.retort.bench.peers;

import dev.retort.tensor.cpu.Parallel;

/// Measures how fast memory can be read and written, on arrays that no cache holds.
public final class MemoryBandwidth {
    private static final int ELEMENTS = 1 << 25;
    private static final int GRAIN = 1 << 18;
    private static final int ROUNDS = 12;

    private MemoryBandwidth() {}

    /// The better of two figures in 10⁹ bytes a second: reading 128 MiB, and the triad a ← b + s·c
    /// (McCalpin, "Memory bandwidth and machine balance in current high performance computers",
    /// 1995), which counts two reads and one write an element. `threads` threads work together; the
    /// best round counts.
    public static double gigabytes(int threads) {
        int before = Parallel.threads();
        Parallel.setThreads(threads);
        try {
            float[] a = new float[ELEMENTS];
            float[] b = new float[ELEMENTS];
            float[] c = new float[ELEMENTS];
            java.util.Arrays.fill(b, 1);
            java.util.Arrays.fill(c, 2);
            int[] sums = new int[ELEMENTS / GRAIN];
            double best = 0;
            for (int round = 0; round < ROUNDS; round++) {
                long start = System.nanoTime();
                Parallel.forRange(ELEMENTS, GRAIN, (from, to) -> triad(a, b, c, 3, from, to));
                best = Math.max(best, 12.0 * ELEMENTS / (System.nanoTime() - start));
                start = System.nanoTime();
                Parallel.forRange(ELEMENTS, GRAIN, (from, to) -> sums[from / GRAIN] += xor(b, from, to));
                best = Math.max(best, 4.0 * ELEMENTS / (System.nanoTime() - start));
            }
            return best;
        } finally {
            Parallel.setThreads(before);
        }
    }

    private static void triad(float[] a, float[] b, float[] c, float s, int from, int to) {
        for (int i = from; i < to; i++) {
            a[i] = b[i] + s * c[i];
        }
    }

    /// Integer operations may be reordered, so the compiler turns this loop into vectors; a sum of
    /// floats it may not.
    private static int xor(float[] b, int from, int to) {
        int bits = 0;
        for (int i = from; i < to; i++) {
            bits ^= Float.floatToRawIntBits(b[i]);
        }
        return bits;
    }
}
