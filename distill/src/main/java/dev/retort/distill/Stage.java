package dev.retort.distill;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One training run of a method.
///
/// @param name      unique within its method
/// @param objective what is minimised
/// @param student   what the run starts from
/// @param teacher   who teaches
/// @param share     fraction of the configured epochs, more than 0
/// @param rate      factor on the configured learning rate, more than 0
/// @param networks  makes the stage's students, such as assistants between teacher and student in size; null for
///                  the students of the run. A stage that continues has those of the stage before
public record Stage(
        String name,
        Objective objective,
        Start student,
        Source teacher,
        double share,
        double rate,
        @Nullable NetworkFactory networks) {
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
        PREVIOUS_STUDENT,
        /// The teacher that the run was given and the students of all stages before, in this order, as a
        /// [dev.retort.distill.teacher.TeacherEnsemble].
        GIVEN_AND_STUDENTS
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

    /// With the students of the run.
    public Stage(String name, Objective objective, Start student, Source teacher, double share, double rate) {
        this(name, objective, student, teacher, share, rate, null);
    }

    /// With the configured learning rate.
    public Stage(String name, Objective objective, Start student, Source teacher, double share) {
        this(name, objective, student, teacher, share, 1);
    }

    /// A fresh student taught by the given teacher for all epochs.
    public static Stage of(String name, Objective objective) {
        return new Stage(name, objective, Start.FRESH, Source.GIVEN, 1);
    }

    /// One objective after the other with the same student, each for all epochs.
    public static List<Stage> inTurn(String first, Objective before, String second, Objective after) {
        return List.of(of(first, before), new Stage(second, after, Start.CONTINUED, Source.GIVEN, 1));
    }

    /// The same with networks of another kind.
    public Stage withNetworks(NetworkFactory other) {
        return new Stage(name, objective, student, teacher, share, rate, other);
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
