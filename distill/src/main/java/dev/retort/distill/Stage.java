package dev.retort.distill;

import java.util.ArrayList;
import java.util.List;

/// One training run of a method.
///
/// @param name      unique within its method
/// @param objective what is minimised
/// @param student   what the run starts from
/// @param teacher   who teaches
/// @param share     fraction of the configured epochs, more than 0
/// @param rate      factor on the configured learning rate, more than 0
public record Stage(String name, Objective objective, Start student, Source teacher, double share, double rate) {
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
    /// @throws IllegalArgumentException if share or rate is not positive
    public Stage {
        if (!(rate > 0) || Double.isInfinite(rate)) {
            throw new IllegalArgumentException(
                    "stage " + name + ": expected a positive factor on the learning rate, got " + rate);
        }
        if (!(share > 0) || Double.isInfinite(share)) {
            throw new IllegalArgumentException("stage " + name + ": expected a positive share of epochs, got " + share);
        }
    }

    /// With the configured learning rate.
    public Stage(String name, Objective objective, Start student, Source teacher, double share) {
        this(name, objective, student, teacher, share, 1);
    }

    /// A fresh student taught by the given teacher for all epochs.
    public static Stage of(String name, Objective objective) {
        return new Stage(name, objective, Start.FRESH, Source.GIVEN, 1);
    }

    /// Fresh students one after the other: the given teacher teaches the first, every student the next. One
    /// round has the method's own name.
    ///
    /// @param count at least 1
    public static List<Stage> rounds(String name, Objective objective, int count) {
        List<Stage> stages = new ArrayList<>(List.of(of(count == 1 ? name : "round1", objective)));
        for (int round = 2; round <= count; round++) {
            stages.add(new Stage("round" + round, objective, Start.FRESH, Source.PREVIOUS_STUDENT, 1));
        }
        return stages;
    }
}
