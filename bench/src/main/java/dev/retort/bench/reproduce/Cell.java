package dev.retort.bench.reproduce;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// One setting of an experiment, run with every seed.
///
/// @param factors what it is, in order: `labels` = `250`, `method` = `slam`
public record Cell(Map<String, String> factors) {
    /// A fixed map.
    ///
    /// @throws IllegalArgumentException if there is no factor
    public Cell {
        if (factors.isEmpty()) {
            throw new IllegalArgumentException("cell: expected at least one factor, got none");
        }
        factors = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(factors));
    }

    /// A cell of names and values in turn.
    ///
    /// @throws IllegalArgumentException if a value is missing
    public static Cell of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "cell: expected names and values in turn, got " + String.join(", ", namesAndValues));
        }
        Map<String, String> factors = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            factors.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new Cell(factors);
    }

    /// The value of a factor.
    ///
    /// @throws IllegalArgumentException if the cell has no such factor
    public String get(String factor) {
        String value = factors.get(factor);
        if (value == null) {
            throw new IllegalArgumentException(
                    "cell: expected one of the factors " + factors.keySet() + ", got " + factor);
        }
        return value;
    }

    /// Whether the factor is there and has this value.
    public boolean is(String factor, String value) {
        return value.equals(factors.get(factor));
    }

    /// The same with another value of one factor.
    public Cell with(String factor, String value) {
        Map<String, String> changed = new LinkedHashMap<>(factors);
        changed.put(factor, value);
        return new Cell(changed);
    }

    /// A name for files: all factors, other characters than letters, digits, dots and dashes replaced, and
    /// a hash that keeps apart what the replacement made equal.
    String fileName() {
        String text = toString();
        String plain = text.replaceAll("[^\\w.=-]+", "_");
        String cut = plain.substring(0, Math.min(plain.length(), 120));
        return String.format(Locale.ROOT, "%s_%08x", cut, text.hashCode());
    }

    /// Such as `labels=250 method=slam`.
    @Override
    public String toString() {
        return factors.entrySet().stream()
                .map(factor -> factor.getKey() + "=" + factor.getValue())
                .collect(Collectors.joining(" "));
    }
}
