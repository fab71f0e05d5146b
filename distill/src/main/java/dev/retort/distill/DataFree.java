package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;

/// An objective that trains on samples that it draws out of the teacher, not on data.
///
/// The run needs a live teacher, whose network is looked into; labelled and unlabelled samples, if there
/// are any, are not used. The samples change, so [Need.TeacherLabels] and [Need.SampleIndices] can't be
/// met.
public interface DataFree extends Objective {
    /// A new source of samples.
    ///
    /// @param teacher the teacher's network; not to be changed
    /// @param rng     for all that is random about the samples
    SampleSource source(Layer teacher, Rng rng);
}
