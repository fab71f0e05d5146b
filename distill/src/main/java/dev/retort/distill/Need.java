package dev.retort.distill;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import org.jspecify.annotations.Nullable;

/// Something that an objective wants from every training step. The loop runs each network once for the
/// union of all needs, and refuses a need that the run can't meet before the first step.
public sealed interface Need {
    /// Features of the student; its logits are always there.
    ///
    /// @param tap where in the student
    record StudentTap(Tap tap) implements Need {}

    /// Features of the teacher on the inputs that the student sees, with the same augmentation.
    ///
    /// @param tap where in the teacher; [Tap#LOGITS] for its logits
    record TeacherTap(Tap tap) implements Need {}

    /// The teacher's logits on the inputs without augmentation, computed once for the transfer set and
    /// the validation set before training, and looked up by sample index.
    record TeacherLabels() implements Need {}

    /// Several views of every sample: the same sample under independent augmentations.
    ///
    /// @param count how many, the usual one included
    record Views(int count) implements Need {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if the count is below 1
        public Views {
            if (count < 1) {
                throw new IllegalArgumentException("views: expected at least 1, got " + count);
            }
        }
    }

    /// Every image of the usual view also turned by 90, 180 and 270 degrees, as views 1, 2 and 3. Images must
    /// be square; not together with [Views].
    record Rotations() implements Need {}

    /// Indices that name the same sample in every epoch, as memory banks need; generated samples have
    /// none.
    record SampleIndices() implements Need {}

    /// Gradients with respect to the student's inputs: they are leaves that require a gradient.
    record InputGradients() implements Need {}

    /// The teacher's logits from several passes over the clean transfer set, each with other dropout, as
    /// [Setup#requireTeacherPasses]: how far its answers can be trusted. The teacher must be a network of
    /// this process.
    ///
    /// @param count number of passes, at least 2
    /// @param extra dropout beside the network's own dropout layers, or null
    record TeacherPasses(int count, @Nullable TapDropout extra) implements Need {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if there are fewer than two passes
        public TeacherPasses {
            if (count < 2) {
                throw new IllegalArgumentException("teacher passes: expected at least 2, got " + count);
            }
        }
    }

    /// Dropout at a tap of the student in training, beside what the network has itself.
    ///
    /// @param dropout where and how much
    record StudentDropout(TapDropout dropout) implements Need {}

    /// The validation set among the labelled samples. It still judges the teacher, but no longer the
    /// student: epochs are reported without accuracy.
    record ValidationSamples() implements Need {}
}
