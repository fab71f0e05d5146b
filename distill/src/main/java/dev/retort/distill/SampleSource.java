package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;

/// Samples that a data-free method makes for itself.
public interface SampleSource {
    /// The samples; their number is fixed, what they are changes in [#refresh] only.
    Dataset data();

    /// Makes samples, or new ones in place of old ones. Called before the first step of every epoch. What
    /// it does may depend on its state, the epoch and the student only, so that a resumed run makes the
    /// same ones.
    ///
    /// @param epoch   from 1
    /// @param student as trained so far; not to be changed
    void refresh(int epoch, Layer student);

    /// Whether the targets of the samples are to be learnt from; if not, the student never sees them.
    default boolean hasTargets() {
        return false;
    }

    /// What is saved in checkpoints: the samples as buffers, the state of a generator.
    Module state();
}
