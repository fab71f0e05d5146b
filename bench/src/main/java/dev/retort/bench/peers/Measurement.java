package dev.retort.bench.peers;

import java.util.Map;

/// One row of the comparison: the same work by Retort and by the fastest of its peers.
///
/// @param name       the work, such as `gemm 512x512x512`
/// @param group      what selects it, such as `gemm`
/// @param threads    threads of both sides
/// @param retortMs   Retort's median in milliseconds (MiB where the name starts with `memory`)
/// @param peer       who it is compared with
/// @param peerMs     the peer's median, in the same unit
/// @param ratio      median over the pairs of peer / retort; above 1, Retort is ahead
/// @param low        lower end of the ratio's 95 % interval
/// @param high       upper end of the ratio's 95 % interval
/// @param pairs      interleaved pairs measured
/// @param flops      floating-point operations of the usual algorithm, 0 if they say nothing
/// @param bytes      bytes that have to be read and written at least, 0 if unknown
/// @param difference largest difference of the two results over the largest value of the peer's
/// @param others     medians of the peer's other variants (in a quick comparison their fastest runs), by name
/// @param note       what else the reader must know; empty if nothing
public record Measurement(
        String name,
        String group,
        int threads,
        double retortMs,
        String peer,
        double peerMs,
        double ratio,
        double low,
        double high,
        int pairs,
        double flops,
        double bytes,
        double difference,
        Map<String, Double> others,
        String note) {
    /// Retort's speed in 10⁹ operations a second.
    public double retortGflops() {
        return flops / retortMs * 1e-6;
    }

    /// The peer's speed in 10⁹ operations a second.
    public double peerGflops() {
        return flops / peerMs * 1e-6;
    }
}
