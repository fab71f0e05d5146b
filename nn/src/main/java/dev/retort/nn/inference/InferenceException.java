package dev.retort.nn.inference;

/// A network that cannot be prepared, or a prepared one that no longer fits; says why.
public final class InferenceException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// A failure with its reason.
    public InferenceException(String message) {
        super(message);
    }
}
