package dev.retort.distill.method;

import dev.retort.distill.Architecture;
import dev.retort.distill.Objective;
import dev.retort.distill.Stage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Networks of sizes between teacher and student, trained one after the other before the student.
final class Assistants {
    private static final String STUDENT = "student";

    private Assistants() {}

    /// A copy of the assistants.
    ///
    /// @throws IllegalArgumentException if there is none, or two have the same name
    static List<Architecture> require(String method, List<Architecture> assistants) {
        Set<String> names = new HashSet<>(Set.of(STUDENT));
        for (Architecture assistant : assistants) {
            if (!names.add(assistant.name())) {
                throw new IllegalArgumentException(method + ": expected assistants with names of their own, none of"
                        + " them '" + STUDENT + "', got '" + assistant.name() + "'");
            }
        }
        if (assistants.isEmpty()) {
            throw new IllegalArgumentException(method + ": expected at least one assistant, got none");
        }
        return List.copyOf(assistants);
    }

    /// A stage for each assistant, largest first, and one for the student.
    ///
    /// @param later who teaches all but the first
    static List<Stage> stages(
            List<Architecture> assistants, Objective objective, Stage.Source first, Stage.Source later) {
        List<Stage> stages = new ArrayList<>();
        for (Architecture assistant : assistants) {
            Stage.Source teacher = stages.isEmpty() ? first : later;
            stages.add(new Stage(assistant.name(), objective, Stage.Start.FRESH, teacher, 1)
                    .withNetworks(assistant.networks()));
        }
        stages.add(new Stage(STUDENT, objective, Stage.Start.FRESH, later, 1));
        return stages;
    }
}
