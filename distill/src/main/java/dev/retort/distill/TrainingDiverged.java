package dev.retort.distill;

/// A loss became infinite or NaN; the message names the term, the step and the learning rate.
public final class TrainingDiverged extends ArithmeticException {
    private static final long serialVersionUID = 1;

    /// A failure with its message.
    public TrainingDiverged(String message) {
        super(message);
    }
}
