package dev.retort.distill.method;

import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Term;
import java.util.List;
import java.util.Set;

/// Teacher assistants: where the teacher is much larger than the student, networks of sizes between them are
/// distilled one into the next.
///
/// ```
/// assistant₁ ← hop(teacher),  assistant_k ← hop(assistant_{k−1}),  student ← hop(last assistant)
/// ```
///
/// Every hop has all epochs of the training. The paper's hop is knowledge distillation, with temperature and
/// weights tuned hop by hop; here all hops are alike, and any method of one run will do.
///
/// Source: Mirzadeh, Farajtabar, Li, Levine, Matsukawa and Ghasemzadeh, "Improved knowledge distillation via teacher
/// assistant", 2020, arXiv 1902.03393.
///
/// @param assistants from large to small, at least one
/// @param hop        how each network learns from the one before, a method of one run
public record Takd(List<Architecture> assistants, DistillationMethod hop) implements DistillationMethod {
    /// Checks the assistants and the hop.
    ///
    /// @throws IllegalArgumentException if there is no assistant, two have one name, or the hop has several runs
    public Takd {
        assistants = Assistants.require("takd", assistants);
        if (hop.stages().size() != 1) {
            throw new IllegalArgumentException("takd: expected a method of one run for each hop, got "
                    + hop.stages().size() + " runs of " + hop.name());
        }
    }

    /// Hops of [HintonKd] with its defaults.
    public Takd(List<Architecture> assistants) {
        this(assistants, new HintonKd());
    }

    @Override
    public String name() {
        return "takd";
    }

    @Override
    public Set<Need> needs() {
        return hop.needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return hop.terms(setup);
    }

    @Override
    public List<Stage> stages() {
        return Assistants.stages(assistants, hop, Stage.Source.GIVEN, Stage.Source.PREVIOUS_STUDENT);
    }
}
