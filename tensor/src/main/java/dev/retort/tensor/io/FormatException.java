package dev.retort.tensor.io;

import java.io.IOException;

/// Thrown when a file can be read but its content breaks the rules of its format: truncated, corrupt, or
/// of a kind that is not supported. The message names the file, the part of it, what was expected and
/// what came.
public class FormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /// An exception with the given message.
    public FormatException(String message) {
        super(message);
    }

    /// An exception with the given message and cause.
    public FormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
