package dev.retort.distill.select;

import dev.retort.tensor.Rng;

/// Chooses which samples of a pool to ask a teacher about. Selectors are values: the same pool, budget
/// and seed give the same choice.
public interface Selector {
    /// Short name for tables and files, such as `rad`.
    String name();

    /// Whether [Candidates#embeddings] must be there.
    default boolean needsEmbeddings() {
        return false;
    }

    /// Whether [Candidates#teacherAccuracy] must be known.
    default boolean needsTeacherAccuracy() {
        return false;
    }

    /// Chooses `budget` samples, or the whole pool if it is not larger.
    ///
    /// @throws IllegalArgumentException if the budget is negative, or the pool lacks what is needed
    default Selection select(Candidates pool, int budget, Rng rng) {
        if (budget < 0) {
            throw new IllegalArgumentException(name() + ": expected a budget of at least 0, got " + budget);
        }
        if (needsEmbeddings()) {
            pool.requireEmbeddings(name());
        }
        if (needsTeacherAccuracy()) {
            pool.requireTeacherAccuracy(name());
        }
        if (budget == 0) {
            return Selection.of(name(), "none", new int[0], new double[pool.size()], new double[0]);
        }
        return budget >= pool.size() ? Selection.everything(name(), pool.size()) : choose(pool, budget, rng);
    }

    /// Chooses `budget` samples, more than none and fewer than all. Called by [#select].
    Selection choose(Candidates pool, int budget, Rng rng);
}
