package dev.retort.bench.reproduce;

import java.util.LinkedHashMap;
import java.util.Map;

/// What one run measured.
///
/// @param metrics numbers by name: shares in [0, 1], times in seconds
/// @param seconds how long the run took in all, interrupted parts included
/// @param origin  with what it was computed (threads, build, Java, processor), by name; empty if nobody noted it
public record Outcome(Map<String, Double> metrics, double seconds, Map<String, String> origin) {
    /// Fixed maps.
    ///
    /// @throws IllegalArgumentException if a metric is not finite
    public Outcome {
        metrics.forEach((name, value) -> {
            if (!Double.isFinite(value)) {
                throw new IllegalArgumentException("outcome: expected finite metrics, got " + name + " = " + value);
            }
        });
        metrics = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        origin = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(origin));
    }
}
