package dev.retort.autograd;

/// A stretch of code in which recording is on or off in this thread; ends with `close`.
///
/// ```java
/// try (var _ = Autograd.noGrad()) {
///     accuracy = evaluate(model);
/// }
/// ```
public final class GradScope implements AutoCloseable {
    private final Recording recording = Recording.current();
    private final boolean before = recording.enabled;

    GradScope(boolean enabled) {
        recording.enabled = enabled;
    }

    /// Goes back to what was before; call it in the thread that opened the scope.
    @Override
    public void close() {
        recording.enabled = before;
    }
}
