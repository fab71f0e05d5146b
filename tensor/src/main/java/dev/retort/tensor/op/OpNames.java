package dev.retort.tensor.op;

import java.util.Locale;

/// Snake-case names of op records, computed once per class.
final class OpNames {
    private static final ClassValue<String> NAMES = new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
            return type.getSimpleName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
        }
    };

    private OpNames() {}

    static String of(Class<?> type) {
        return NAMES.get(type);
    }
}
