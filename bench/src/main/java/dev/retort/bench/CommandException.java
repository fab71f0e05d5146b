package dev.retort.bench;

/// Ends a command with exit code 1 and this message; for what the user can understand and change.
public final class CommandException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// A failure that says what was expected and what was found.
    public CommandException(String message) {
        super(message);
    }

    /// A failure with the exception behind it, which `--debug` shows.
    public CommandException(String message, Throwable cause) {
        super(message, cause);
    }
}
