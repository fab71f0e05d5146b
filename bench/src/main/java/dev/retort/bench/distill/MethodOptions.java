package dev.retort.bench.distill;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// A method as the command line names it: `slam:bound=0.6:rounds=2` is the method `slam` with two options.
final class MethodOptions {
    private final String option;
    private final String name;
    private final Map<String, String> values = new LinkedHashMap<>();
    private final Set<String> known = new LinkedHashSet<>();

    private MethodOptions(String option, String name) {
        this.option = option;
        this.name = name;
    }

    /// Reads `NAME[:KEY=VALUE]…`.
    ///
    /// @param option the option of the command line that holds the text, such as `--methods`, for messages
    /// @throws IllegalArgumentException if an option has no value or comes twice
    static MethodOptions parse(String option, String text) {
        String[] parts = text.split(":", -1);
        MethodOptions options = new MethodOptions(option, parts[0]);
        for (int i = 1; i < parts.length; i++) {
            int equals = parts[i].indexOf('=');
            if (equals < 1 || equals == parts[i].length() - 1) {
                throw new IllegalArgumentException(
                        option + ": expected options such as slam:bound=0.6, got '" + parts[i] + "' in '" + text + "'");
            }
            if (options.values.put(parts[i].substring(0, equals), parts[i].substring(equals + 1)) != null) {
                throw new IllegalArgumentException(option + ": expected each option once, got '" + text + "'");
            }
        }
        return options;
    }

    /// The option of the command line that holds the text.
    String option() {
        return option;
    }

    /// The name before the options.
    String name() {
        return name;
    }

    /// A name for tables and folders: `slam+bound0.6`.
    String label() {
        StringBuilder label = new StringBuilder(name);
        values.forEach((key, value) -> label.append('+').append(key).append(value));
        return label.toString();
    }

    private String text(String key, String standard) {
        known.add(key);
        return values.getOrDefault(key, standard);
    }

    /// Whether the option was given.
    boolean has(String key) {
        known.add(key);
        return values.containsKey(key);
    }

    /// A number.
    ///
    /// @throws IllegalArgumentException if it is none
    double number(String key, double standard) {
        String value = text(key, Double.toString(standard));
        try {
            return value.equals("inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
        } catch (NumberFormatException e) {
            throw refused(key, "a number", value);
        }
    }

    /// A whole number.
    ///
    /// @throws IllegalArgumentException if it is none
    int whole(String key, int standard) {
        String value = text(key, Integer.toString(standard));
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw refused(key, "a whole number", value);
        }
    }

    /// `true` or `false`.
    ///
    /// @throws IllegalArgumentException if it is neither
    boolean flag(String key, boolean standard) {
        String value = text(key, Boolean.toString(standard));
        if (!value.equals("true") && !value.equals("false")) {
            throw refused(key, "true or false", value);
        }
        return value.equals("true");
    }

    /// One of the constants of an enum, in lower case and with dashes.
    ///
    /// @throws IllegalArgumentException if it is none of them
    <E extends Enum<E>> E choice(String key, E standard) {
        String value = text(key, word(standard));
        StringBuilder words = new StringBuilder();
        for (E constant : standard.getDeclaringClass().getEnumConstants()) {
            if (word(constant).equals(value)) {
                return constant;
            }
            words.append(words.isEmpty() ? "" : ", ").append(word(constant));
        }
        throw refused(key, "one of " + words, value);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private IllegalArgumentException refused(String key, String expected, String value) {
        return new IllegalArgumentException(
                option + ": " + name + " expected " + expected + " for " + key + ", got '" + value + "'");
    }

    /// Checks that every option given was asked for.
    ///
    /// @throws IllegalArgumentException naming the first that was not, and those that there are
    void requireAllKnown() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(option + ": " + name + " has "
                        + (known.isEmpty() ? "no options" : "the options " + String.join(", ", known)) + ", got '" + key
                        + "'");
            }
        }
    }
}
