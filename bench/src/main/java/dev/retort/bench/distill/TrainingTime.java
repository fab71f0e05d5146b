package dev.retort.bench.distill;

import dev.retort.bench.RecordedSeconds;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Training time in a file of the run's folder, so that an interrupted run adds up its parts.
final class TrainingTime {
    private final Path file;
    private final double before;
    private final long start = System.nanoTime();
    private double total;

    private TrainingTime(Path file, double before) {
        this.file = file;
        this.before = before;
        this.total = before;
    }

    /// Starts a clock on top of what a folder has recorded.
    static TrainingTime in(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve("seconds.txt");
        return new TrainingTime(file, RecordedSeconds.read(file));
    }

    /// Stops the clock and records the sum.
    void save() throws IOException {
        total = before + (System.nanoTime() - start) / 1e9;
        AtomicFile.write(file, Double.toString(total).getBytes(StandardCharsets.US_ASCII));
    }

    /// Seconds in all.
    double seconds() {
        return total;
    }
}
