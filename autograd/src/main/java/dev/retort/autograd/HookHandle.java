package dev.retort.autograd;

/// Takes a hook off again.
public final class HookHandle implements AutoCloseable {
    private final Runnable removal;

    HookHandle(Runnable removal) {
        this.removal = removal;
    }

    /// Removes the hook; does nothing the second time.
    public void remove() {
        removal.run();
    }

    /// The same as [#remove()].
    @Override
    public void close() {
        remove();
    }
}
