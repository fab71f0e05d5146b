package dev.retort.bench.peers.duel;

import java.util.function.Supplier;

/// One way to do a row's work.
///
/// @param name   who does it
/// @param run    does it once; the result is dropped
/// @param result does it and gives the numbers to compare; called before any timing
record Side(String name, Runnable run, Supplier<float[]> result) {}
