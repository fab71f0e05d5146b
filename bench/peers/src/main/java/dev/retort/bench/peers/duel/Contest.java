package dev.retort.bench.peers.duel;

import java.util.List;
import java.util.function.Supplier;

/// One row before it is measured.
///
/// @param name      the work
/// @param flops     operations of the usual algorithm, 0 if they say nothing
/// @param bytes     bytes read and written at least, 0 if unknown
/// @param tolerance largest difference of the results allowed, over the largest value
/// @param quick     whether this row stands for its kind in a quick run
/// @param sides     makes the data and both sides; called once, right before the measurement
record Contest(String name, double flops, double bytes, double tolerance, boolean quick, Supplier<Contestants> sides) {
    /// Retort and the variants of its peers.
    record Contestants(Side retort, List<Side> peers) {}
}
