package dev.retort.tensor;

/// Thrown when an op gets arguments it cannot work with; the message is `op: what was expected, what
/// came`.
public class OpException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message.
    public OpException(String message) {
        super(message);
    }

    /// An exception with the given message and cause.
    public OpException(String message, Throwable cause) {
        super(message, cause);
    }
}
