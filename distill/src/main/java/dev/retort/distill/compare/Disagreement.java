package dev.retort.distill.compare;

import java.util.Map;

/// A test sample that the methods do not agree on.
///
/// @param index     in the test set of the seed
/// @param label     its class
/// @param teacher   what the teacher says
/// @param predicted what each method's student says
public record Disagreement(int index, long label, int teacher, Map<String, Integer> predicted) {
    /// Number of different answers of the students.
    public int answers() {
        return (int) predicted.values().stream().distinct().count();
    }
}
