package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.cpu.Parallel;
import jdk.incubator.vector.FloatVector;

/// Measures the ceiling of this machine: multiply-adds that touch registers only, in enough independent
/// chains to fill two units with a latency of five cycles.
public final class FmaPeak {
    private static final int CHAINS = 10;
    private static final int STEPS = 200_000;
    private static final int ROUNDS = 12;

    private FmaPeak() {}

    /// Float32 operations a second, in units of 10⁹, that `threads` threads reach together; takes about a
    /// tenth of a second. A multiply-add counts as two. The best round is taken, since anything else
    /// running can only slow it.
    ///
    /// @throws IllegalArgumentException if `threads` is below 1
    public static double gflops(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("FmaPeak: threads expected at least 1, got " + threads);
        }
        float[] sink = new float[threads * 64];
        double best = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            Parallel.forRange(threads, 1, (from, to) -> {
                for (int i = from; i < to; i++) {
                    sink[i * 64] = chains(STEPS, 0.5f + i);
                }
            });
            double flops = 2.0 * CHAINS * STEPS * Lanes.LENGTH * threads;
            best = Math.max(best, flops / (System.nanoTime() - start));
        }
        return best;
    }

    /// Each chain converges to 1 / (1 - 0.5) = 2, so no value overflows or becomes subnormal.
    private static float chains(int steps, float start) {
        FloatVector half = FloatVector.broadcast(Lanes.SPECIES, 0.5f);
        FloatVector one = FloatVector.broadcast(Lanes.SPECIES, 1f);
        FloatVector c0 = FloatVector.broadcast(Lanes.SPECIES, start);
        FloatVector c1 = c0.add(one);
        FloatVector c2 = c1.add(one);
        FloatVector c3 = c2.add(one);
        FloatVector c4 = c3.add(one);
        FloatVector c5 = c4.add(one);
        FloatVector c6 = c5.add(one);
        FloatVector c7 = c6.add(one);
        FloatVector c8 = c7.add(one);
        FloatVector c9 = c8.add(one);
        for (int step = 0; step < steps; step++) {
            c0 = c0.fma(half, one);
            c1 = c1.fma(half, one);
            c2 = c2.fma(half, one);
            c3 = c3.fma(half, one);
            c4 = c4.fma(half, one);
            c5 = c5.fma(half, one);
            c6 = c6.fma(half, one);
            c7 = c7.fma(half, one);
            c8 = c8.fma(half, one);
            c9 = c9.fma(half, one);
        }
        FloatVector sum = c0.add(c1)
                .add(c2)
                .add(c3)
                .add(c4)
                .add(c5)
                .add(c6)
                .add(c7)
                .add(c8)
                .add(c9);
        return Lanes.sum(sum);
    }
}
