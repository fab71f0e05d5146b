package dev.retort.distill.active;

import dev.retort.distill.TrainingListener;
import dev.retort.distill.select.Selection;

/// Watches active distillation: the rounds, and the training inside of each.
public interface ActiveListener extends TrainingListener {
    /// Sees and does nothing.
    ActiveListener SILENT = new ActiveListener() {};

    /// Samples were chosen; the teacher will be asked next.
    ///
    /// @param round  from 1
    /// @param rounds in all
    default void chosen(int round, int rounds, Selection selection) {}

    /// The teacher answered for `done` of `all` samples of a round.
    default void answered(int round, int done, int all) {}

    /// A round is over.
    default void finished(Round round) {}
}
