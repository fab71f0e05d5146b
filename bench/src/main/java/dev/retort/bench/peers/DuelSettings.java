package dev.retort.bench.peers;

import java.util.List;

/// What a measuring process is to do; passed to it as JSON.
///
/// @param group   which kind of rows
/// @param only    only rows whose name contains this; empty for all
/// @param threads thread counts, in order
/// @param pairs   interleaved pairs a row
/// @param quick   whether to leave out the rows that others of the same kind stand for
/// @param natives folder with the peer's unpacked libraries
public record DuelSettings(
        String group, String only, List<Integer> threads, int pairs, boolean quick, String natives) {}
