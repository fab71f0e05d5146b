package dev.retort.distill;

import java.util.List;

/// A way to distil, as a value: usually a record of its hyper-parameters.
///
/// Most methods are one run, so a method is its own [Objective]; one with several runs lists them in
/// [#stages].
public interface DistillationMethod extends Objective {
    /// Short name for tables and files, such as `slam`.
    String name();

    /// The runs, in order.
    default List<Stage> stages() {
        return List.of(Stage.of(name(), this));
    }

    /// Whether the result is the mean of the probabilities of all stages' students, and not the last one
    /// alone.
    default boolean ensemble() {
        return false;
    }
}
