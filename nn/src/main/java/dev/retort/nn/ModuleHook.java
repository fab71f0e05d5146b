package dev.retort.nn;

/// The registration of a [ForwardHook]; closing it removes the hook.
public interface ModuleHook extends AutoCloseable {
    /// Removes the hook; a second call does nothing.
    @Override
    void close();
}
