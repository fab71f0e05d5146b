package dev.retort.autograd;

import org.jspecify.annotations.Nullable;

/// What the recorder knows of one thread: whether it records, and for whom it watches.
final class Recording {
    private static final ThreadLocal<Recording> CURRENT = ThreadLocal.withInitial(Recording::new);

    /// Whether differentiable ops are recorded.
    boolean enabled = true;

    /// The checkpoint whose block runs now, or null.
    @Nullable
    Capture capture;

    /// The node whose gradient is computed now, or null.
    @Nullable
    Node backward;

    private Recording() {}

    static Recording current() {
        return CURRENT.get();
    }
}
