package dev.retort.bench.peers;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.FmaPeak;

/// What the machine can do at most on some threads, measured in the run that it is compared with.
///
/// @param threads   threads that worked together
/// @param gflops    multiply-adds on registers, in 10⁹ operations a second
/// @param gigabytes memory traffic in 10⁹ bytes a second; see [MemoryBandwidth]
public record Ceiling(int threads, double gflops, double gigabytes) {
    /// Measures for about a second.
    static Ceiling measure(int threads) {
        int before = Parallel.threads();
        Parallel.setThreads(threads);
        try {
            return new Ceiling(threads, FmaPeak.gflops(threads), MemoryBandwidth.gigabytes(threads));
        } finally {
            Parallel.setThreads(before);
        }
    }
}
