package dev.retort.tensor.spi;

/// How a backend runs an op.
///
/// @param kind by what
/// @param note what there is to know about it; empty if nothing
public record OpRoute(Kind kind, String note) {
    /// By what an op runs.
    public enum Kind {
        /// A kernel of its own.
        KERNEL,
        /// Other ops of the backend.
        COMPOSITE,
        /// The engine, without computing.
        ENGINE,
        /// The CPU; the elements are copied.
        HOST
    }

    /// A kernel of its own, and nothing to say about it.
    public static OpRoute kernel() {
        return new OpRoute(Kind.KERNEL, "");
    }
}
