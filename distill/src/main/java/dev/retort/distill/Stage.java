package dev.retort.distill;

/// One training run of a method.
///
/// @param name      unique within its method
/// @param objective what is minimised
/// @param student   what the run starts from
/// @param teacher   who teaches
/// @param share     fraction of the configured epochs, more than 0
public record Stage(String name, Objective objective, Start student, Source teacher, double share) {
    /// What a stage starts from.
    public enum Start {
        /// A newly initialised student.
        FRESH,
        /// The student of the stage before.
        CONTINUED
    }

    /// Who teaches in a stage.
    public enum Source {
        /// The teacher that the run was given.
        GIVEN,
        /// The student of the stage before.
        PREVIOUS_STUDENT
    }

    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the share is not positive
    public Stage {
        if (!(share > 0) || Double.isInfinite(share)) {
            throw new IllegalArgumentException("stage " + name + ": expected a positive share of epochs, got " + share);
        }
    }

    /// A fresh student taught by the given teacher for all epochs.
    public static Stage of(String name, Objective objective) {
        return new Stage(name, objective, Start.FRESH, Source.GIVEN, 1);
    }
}
