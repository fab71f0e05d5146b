package dev.retort.bench.reproduce;

import dev.retort.bench.RecordedSeconds;
import java.io.IOException;
import java.nio.file.Path;

/// The time of a run, in a file of its folder, so that an interrupted run adds up its parts. A part that
/// ended by a kill is not in it.
final class RunClock implements AutoCloseable {
    private final Path file;
    private final double before;
    private final long start = System.nanoTime();
    private boolean stopped;

    private RunClock(Path file, double before) {
        this.file = file;
        this.before = before;
    }

    /// Starts a clock on top of what the folder has recorded.
    static RunClock in(Path folder) throws IOException {
        Path file = folder.resolve("seconds.txt");
        return new RunClock(file, RecordedSeconds.read(file));
    }

    private double seconds() {
        return before + (System.nanoTime() - start) / 1e9;
    }

    /// Ends a run that is done: seconds in all.
    double stop() {
        stopped = true;
        return seconds();
    }

    /// Records the time of a run that was interrupted.
    @Override
    public void close() throws IOException {
        if (!stopped) {
            CellFiles.write(file, Double.toString(seconds()));
        }
    }
}
