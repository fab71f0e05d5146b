package dev.retort.distill.teacher;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Tensor;
import java.util.Set;
import java.util.function.Supplier;

/// What a teacher is asked: which samples of which data set, under which augmentation.
///
/// @param dataset      identity of the data set, see [Fingerprint#of(dev.retort.nn.data.Dataset)]
/// @param indices      positions of the samples in the data set
/// @param augmentation what was done to the inputs: [#NONE], or a key that names one exact view
/// @param inputs       gives the inputs [B, …]; called only if the answer must be computed
/// @param taps         what is wanted
public record TeacherQuery(String dataset, int[] indices, String augmentation, Supplier<Tensor> inputs, Set<Tap> taps) {
    /// The augmentation key of inputs as they are in the data set.
    public static final String NONE = "none";

    /// Asks for the logits of samples as they are in the data set.
    public static TeacherQuery logits(String dataset, int[] indices, Supplier<Tensor> inputs) {
        return new TeacherQuery(dataset, indices, NONE, inputs, Set.of(Tap.LOGITS));
    }
}
