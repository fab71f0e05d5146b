package dev.retort.distill.remote;

import org.jspecify.annotations.Nullable;

/// A remote teacher gave no answer: attempts or budget are used up, or it refuses. Answers that came
/// before are in the journal; asking again later buys only what is missing.
public final class TeacherUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final boolean budget;

    private TeacherUnavailable(String message, @Nullable Throwable cause, boolean budget) {
        super(message, cause);
        this.budget = budget;
    }

    static TeacherUnavailable because(String message, Throwable cause) {
        return new TeacherUnavailable(message, cause, false);
    }

    static TeacherUnavailable overBudget(String message) {
        return new TeacherUnavailable(message, null, true);
    }

    /// Whether the budget is what is missing.
    public boolean isOverBudget() {
        return budget;
    }
}
