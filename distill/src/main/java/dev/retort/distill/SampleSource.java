package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.nn.Stateful;
import dev.retort.nn.data.Dataset;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Samples that a data-free method makes for itself. They are as networks see them: a run's preparation of
/// inputs is not for them.
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

    /// Inputs that are made for one step, in place of those of [#data], which then only says how many samples
    /// an epoch has and what shape they are of. Called before every step, after [#refresh]; the inputs are
    /// seen as they are, without augmentation. As there, only the state, the step and the student may matter.
    ///
    /// @param step    steps taken before, over all epochs
    /// @param size    samples of the whole step, over all its micro-batches
    /// @param student as trained so far; not to be changed
    /// @return [size, …], or null, the usual answer, if the samples are those of `data`
    default @Nullable Tensor forStep(long step, int size, Layer student) {
        return null;
    }

    /// What is saved in checkpoints: the samples as buffers, the state of a generator.
    Stateful state();
}
