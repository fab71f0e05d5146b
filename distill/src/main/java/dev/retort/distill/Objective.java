package dev.retort.distill;

import dev.retort.tensor.Rng;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What one training run minimises: a weighted sum of terms, and what they need.
public interface Objective {
    /// Which samples a run goes over.
    enum Scope {
        /// Those with labels.
        LABELLED,
        /// Those without.
        UNLABELLED,
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

    /// Exactly which samples a run goes over: positions in the transfer set, ascending; by default those of
    /// [#scope].
    ///
    /// @param labels classes of the transfer set, −1 where unlabelled
    /// @param rng    for a random choice; depends on the seed only
    default int[] members(long[] labels, Rng rng) {
        return IntStream.range(0, labels.length)
                .filter(i -> switch (scope()) {
                    case LABELLED -> labels[i] >= 0;
                    case UNLABELLED -> labels[i] < 0;
                    case ALL -> true;
                })
                .toArray();
    }

    /// What becomes of the terms' gradients before the optimiser sees them; null to add them up. Called once a run.
    default @Nullable GradientRule gradients() {
        return null;
    }

    /// How many students are trained together; the first one is the result.
    default int peers() {
        return 1;
    }
}
