package dev.retort.autograd;

/// Thrown in [AnomalyMode] by the first op that produced a NaN or an infinity.
public final class AnomalyException extends ArithmeticException {
    private static final long serialVersionUID = 1L;
    private final String op;
    private final String path;

    AnomalyException(String message, String op, String path) {
        super(message);
        this.op = op;
        this.path = path;
    }

    /// Name of the op; of the recorded op if its gradient is at fault.
    public String op() {
        return op;
    }

    /// Path of the module that ran the op; empty outside of modules.
    public String path() {
        return path;
    }
}
