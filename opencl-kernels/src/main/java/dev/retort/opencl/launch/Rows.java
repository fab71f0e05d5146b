package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.opencl.runtime.Launch;

/// How work-groups of lanes are laid over rows: one work-item a short row, or 64 (256) lanes a long one.
///
/// @param lanes work-items that share a row, a power of two
/// @param rows  rows of a work-group
record Rows(int lanes, int rows) {
    private static final int SHORT = 32;
    private static final int LONG = 2048;

    /// Rows of `n` neighbouring elements.
    static Rows of(DeviceLimits limits, int n) {
        if (n < SHORT) {
            return shortRows(limits);
        }
        int lanes = n >= LONG && !limits.cpu() ? 256 : 64;
        while (lanes > limits.groupSize()) {
            lanes /= 2;
        }
        return new Rows(lanes, 1);
    }

    /// Rows whose elements lie far apart, while neighbouring rows are neighbours in memory.
    static Rows shortRows(DeviceLimits limits) {
        return new Rows(1, Math.min(64, limits.groupSize()));
    }

    /// Runs a kernel over `count` rows.
    void run(Launch launch, long count) {
        launch.run(new long[] {lanes, count}, lanes, rows);
    }
}
