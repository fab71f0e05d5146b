package dev.retort.distill;

import java.util.List;
import java.util.Set;

/// What one training run minimises: a weighted sum of terms, and what they need.
public interface Objective {
    /// Which samples a run goes over.
    enum Scope {
        /// Those with labels.
        LABELLED,
        /// Those with labels and the unlabelled pool, shuffled together.
        ALL
    }

    /// What every step must deliver.
    Set<Need> needs();

    /// The terms, with adapters that fit the networks. Called once a run, after a dry run has found the
    /// shapes.
    List<Term> terms(Setup setup);

    /// Which samples the run goes over.
    default Scope scope() {
        return Scope.ALL;
    }

    /// How many students are trained together; the first one is the result.
    default int peers() {
        return 1;
    }
}
