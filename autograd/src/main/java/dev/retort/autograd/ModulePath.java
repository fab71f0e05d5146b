package dev.retort.autograd;

import java.util.ArrayDeque;
import java.util.Deque;

/// Where in the model this thread is, such as `encoder.layers.0.attention`; pushed and popped by module
/// calls, read by messages and profiles.
///
/// ```java
/// ModulePath.push("conv1");
/// try {
///     y = forward(x);
/// } finally {
///     ModulePath.pop();
/// }
/// ```
public final class ModulePath {
    private static final ThreadLocal<Deque<String>> NAMES = ThreadLocal.withInitial(ArrayDeque::new);

    private ModulePath() {}

    /// Enters the module `name`; empty names (the root) do not show.
    public static void push(String name) {
        NAMES.get().addLast(name);
    }

    /// Leaves the module entered last.
    ///
    /// @throws java.util.NoSuchElementException if none was entered
    public static void pop() {
        NAMES.get().removeLast();
    }

    /// The names from the outermost to the innermost module, joined by dots; empty outside of modules.
    public static String current() {
        StringBuilder path = new StringBuilder();
        for (String name : NAMES.get()) {
            if (!name.isEmpty()) {
                path.append(path.isEmpty() ? "" : ".").append(name);
            }
        }
        return path.toString();
    }
}
