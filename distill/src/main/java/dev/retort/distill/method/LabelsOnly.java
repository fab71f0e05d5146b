package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import java.util.List;
import java.util.Set;

/// No distillation: the student learns from the labelled samples alone. The baseline of every comparison.
///
/// ```
/// L = mean_{i labelled} CE(yᵢ, softmax(zᵢ))
/// ```
///
/// @param labelSmoothing in [0, 1]
public record LabelsOnly(double labelSmoothing) implements DistillationMethod {
    /// Without label smoothing.
    public LabelsOnly() {
        this(0);
    }

    @Override
    public String name() {
        return "labels";
    }

    @Override
    public Scope scope() {
        return Scope.LABELLED;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("label", 1, new LabelLoss(0, labelSmoothing)));
    }
}
