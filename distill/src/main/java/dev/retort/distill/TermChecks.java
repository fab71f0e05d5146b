package dev.retort.distill;

import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Finds mistakes of an objective that would otherwise train something else than was meant.
final class TermChecks {
    private TermChecks() {}

    /// The terms, if there is one and names are unique.
    ///
    /// @throws IllegalStateException if not
    static List<Term> requireUsable(String stage, List<Term> terms) {
        if (terms.isEmpty()) {
            throw new IllegalStateException("distillation: stage " + stage + " expects at least one term, got none");
        }
        Set<String> names = new HashSet<>();
        for (Term term : terms) {
            if (!names.add(term.name())) {
                throw new IllegalStateException("distillation: stage " + stage
                        + " expects terms with different names, got " + term.name() + " twice");
            }
        }
        return List.copyOf(terms);
    }

    /// Checks that every declared tap was read by a term.
    ///
    /// @throws IllegalStateException naming the taps that were not
    static void requireAllTapsRead(StageInputs inputs, Step step) {
        Set<Need> unread = new LinkedHashSet<>();
        for (Need need : inputs.stage().objective().needs()) {
            if (need instanceof Need.StudentTap || need instanceof Need.TeacherTap) {
                unread.add(need);
            }
        }
        unread.removeAll(step.read());
        if (!unread.isEmpty()) {
            throw new IllegalStateException(
                    "distillation: stage " + inputs.stage().name() + " declares taps that no term reads: " + unread);
        }
    }
}
