package dev.retort.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// A time in a file of a run's folder, by which an interrupted run adds up its parts.
public final class RecordedSeconds {
    private RecordedSeconds() {}

    /// The number in `file`. It is only a statistic, so a file that is missing or damaged counts as 0.
    ///
    /// @throws IOException if the file cannot be read
    public static double read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try {
            double seconds =
                    Double.parseDouble(new String(Files.readAllBytes(file), StandardCharsets.US_ASCII).strip());
            return seconds >= 0 && seconds < Double.POSITIVE_INFINITY ? seconds : 0;
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
