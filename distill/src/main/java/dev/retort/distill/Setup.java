package dev.retort.distill;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an objective may look at when it makes its terms: shapes, labels, and what the teacher said
/// beforehand.
///
/// @param studentShapes    shape of one sample at each declared student tap, the batch dimension left out
/// @param teacherShapes    the same of the teacher
/// @param classes          number of classes L
/// @param labels           classes of the transfer set `[N]`, −1 where unlabelled
/// @param teacherLabels    the teacher's logits [N, L] on the transfer set, if declared by
///                         [Need.TeacherLabels]
/// @param validationLogits the teacher's logits [V, L] on the validation set, if declared and there is
///                         one
/// @param validationLabels classes of the validation set `[V]`; empty if there is none
/// @param teacherPasses    the teacher's logits [P, N, L] of P passes with dropout, if declared by
///                         [Need.TeacherPasses]
/// @param rng              for initial weights of adapters
public record Setup(
        Map<Tap, Shape> studentShapes,
        Map<Tap, Shape> teacherShapes,
        int classes,
        long[] labels,
        @Nullable Tensor teacherLabels,
        @Nullable Tensor validationLogits,
        long[] validationLabels,
        @Nullable Tensor teacherPasses,
        Rng rng) {
    /// Without passes under dropout.
    public Setup(
            Map<Tap, Shape> studentShapes,
            Map<Tap, Shape> teacherShapes,
            int classes,
            long[] labels,
            @Nullable Tensor teacherLabels,
            @Nullable Tensor validationLogits,
            long[] validationLabels,
            Rng rng) {
        this(
                studentShapes,
                teacherShapes,
                classes,
                labels,
                teacherLabels,
                validationLogits,
                validationLabels,
                null,
                rng);
    }

    /// Number of samples in the transfer set N.
    public int size() {
        return labels.length;
    }

    /// Shape of one sample at a student tap.
    ///
    /// @throws IllegalStateException if the tap was not declared
    public Shape student(Tap tap) {
        return shape(studentShapes, tap, "student");
    }

    /// Shape of one sample at a teacher tap.
    ///
    /// @throws IllegalStateException if the tap was not declared
    public Shape teacher(Tap tap) {
        return shape(teacherShapes, tap, "teacher");
    }

    private static Shape shape(Map<Tap, Shape> shapes, Tap tap, String whose) {
        Shape shape = shapes.get(tap);
        if (shape == null) {
            throw new IllegalStateException("setup: expected an objective that declares the " + whose + " tap " + tap
                    + ", it declares " + shapes.keySet());
        }
        return shape;
    }

    /// The teacher's logits on the transfer set.
    ///
    /// @throws IllegalStateException if they were not declared
    public Tensor requireTeacherLabels() {
        Tensor labelled = teacherLabels;
        if (labelled == null) {
            throw new IllegalStateException("setup: expected an objective that declares TeacherLabels");
        }
        return labelled;
    }

    /// The teacher's logits on the validation set.
    ///
    /// @throws IllegalStateException if there is no validation set, or TeacherLabels was not declared
    public Tensor requireValidation() {
        Tensor logits = validationLogits;
        if (logits == null) {
            throw new IllegalStateException("setup: expected a validation set to judge the teacher with, got none");
        }
        return logits;
    }

    /// The teacher's logits of several passes with dropout [P, N, L].
    ///
    /// @throws IllegalStateException if they were not declared
    public Tensor requireTeacherPasses() {
        Tensor passes = teacherPasses;
        if (passes == null) {
            throw new IllegalStateException("setup: expected an objective that declares TeacherPasses");
        }
        return passes;
    }
}
