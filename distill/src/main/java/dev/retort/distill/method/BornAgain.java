package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Term;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Born-again networks: generations of students, each fresh, each taught by the one before.
///
/// ```
/// student₁ ← KD(teacher),  student_g ← KD(student_{g−1})
/// result   = the last student, or the mean of all students' probabilities
/// ```
///
/// Source: Furlanello, Lipton, Tschannen, Itti and Anandkumar, "Born again neural networks", 2018, arXiv
/// 1805.04770.
///
/// @param generations how many students, at least 1
/// @param ensemble    whether all generations vote
/// @param response    the loss of each generation
public record BornAgain(int generations, boolean ensemble, HintonKd response) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no generation
    public BornAgain {
        if (generations < 1) {
            throw new IllegalArgumentException("born again: expected at least 1 generation, got " + generations);
        }
    }

    /// Two generations, the last one alone, temperature 1, labels and teacher with equal weights.
    public BornAgain() {
        this(2, false, new HintonKd(1, 1, 1));
    }

    @Override
    public String name() {
        return "born-again";
    }

    @Override
    public Set<Need> needs() {
        return response.needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return response.terms(setup);
    }

    @Override
    public List<Stage> stages() {
        List<Stage> stages = new ArrayList<>();
        for (int g = 1; g <= generations; g++) {
            Stage.Source teacher = g == 1 ? Stage.Source.GIVEN : Stage.Source.PREVIOUS_STUDENT;
            stages.add(new Stage("generation" + g, this, Stage.Start.FRESH, teacher, 1));
        }
        return stages;
    }
}
