package dev.retort.distill;

import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What the networks said about one micro-batch; what a [LossTerm] computes from.
public final class Step {
    private final StepBatch batch;
    private final int epoch;
    private final Rng rng;
    private final List<List<Map<Tap, Tensor>>> students;
    private final List<Map<Tap, Tensor>> teacher;
    private final @Nullable Tensor teacherLabels;
    private final Set<Need> read;
    private final UnaryOperator<Tensor> logits;

    /// The answers to one micro-batch; made by the loop, and by tests of loss terms.
    ///
    /// @param epoch         from 1
    /// @param rng           for draws of the loss itself; depends on seed and step only
    /// @param students      by peer, by view: the student's tensors
    /// @param teacher       by view: the teacher's tensors; empty without a teacher
    /// @param teacherLabels the teacher's logits on clean inputs [B, L], or null
    public Step(
            StepBatch batch,
            int epoch,
            Rng rng,
            List<List<Map<Tap, Tensor>>> students,
            List<Map<Tap, Tensor>> teacher,
            @Nullable Tensor teacherLabels) {
        this.batch = batch;
        this.epoch = epoch;
        this.rng = rng;
        this.students = students;
        this.teacher = teacher;
        this.teacherLabels = teacherLabels;
        read = new HashSet<>();
        logits = UnaryOperator.identity();
    }

    private Step(Step step, UnaryOperator<Tensor> logits) {
        batch = step.batch;
        epoch = step.epoch;
        rng = step.rng;
        students = step.students;
        teacher = step.teacher;
        teacherLabels = step.teacherLabels;
        read = step.read;
        this.logits = logits;
    }

    /// The same step with other logits of every student and of the teacher; features stay.
    ///
    /// @param change of logits [B, L], made whenever they are read
    public Step withLogits(UnaryOperator<Tensor> change) {
        return new Step(this, tensor -> change.apply(logits.apply(tensor)));
    }

    /// The samples.
    public StepBatch batch() {
        return batch;
    }

    /// The current epoch, from 1.
    public int epoch() {
        return epoch;
    }

    /// Random draws that depend on seed, step and place only.
    public Rng rng() {
        return rng;
    }

    /// The student's logits [B, L] on the usual view.
    public Tensor studentLogits() {
        return peerLogits(0);
    }

    /// The logits [B, L] of one of several students on the usual view.
    public Tensor peerLogits(int peer) {
        return student(peer, 0, Tap.LOGITS);
    }

    /// The student's tensor at a tap on the usual view.
    public Tensor student(Tap tap) {
        return student(0, 0, tap);
    }

    /// The tensor of one of several students at a tap on one of several views.
    ///
    /// @throws IllegalStateException if the objective did not declare the tap or the view
    public Tensor student(int peer, int view, Tap tap) {
        read.add(new Need.StudentTap(tap));
        return find(students.get(peer), view, tap, "student");
    }

    /// The teacher's logits [B, L] on what the student sees.
    public Tensor teacherLogits() {
        return teacher(Tap.LOGITS);
    }

    /// The teacher's tensor at a tap on the usual view; a constant.
    public Tensor teacher(Tap tap) {
        return teacher(0, tap);
    }

    /// The teacher's tensor at a tap on one of several views; a constant.
    ///
    /// @throws IllegalStateException if the objective did not declare the tap or the view
    public Tensor teacher(int view, Tap tap) {
        read.add(new Need.TeacherTap(tap));
        return find(teacher, view, tap, "teacher");
    }

    /// The teacher's logits [B, L] on the inputs without augmentation.
    ///
    /// @throws IllegalStateException if the objective did not declare [Need.TeacherLabels]
    public Tensor teacherLabels() {
        Tensor labels = teacherLabels;
        if (labels == null) {
            throw new IllegalStateException("step: expected an objective that declares TeacherLabels");
        }
        return logits.apply(labels);
    }

    /// The taps that losses have read so far.
    Set<Need> read() {
        return read;
    }

    private Tensor find(List<Map<Tap, Tensor>> views, int view, Tap tap, String whose) {
        Tensor found = view < views.size() ? views.get(view).get(tap) : null;
        if (found == null) {
            throw new IllegalStateException("step: expected an objective that declares the " + whose + " tap " + tap
                    + " for view " + view + ", the step has "
                    + (view < views.size() ? views.get(view).keySet() : "no such view"));
        }
        return tap.equals(Tap.LOGITS) ? logits.apply(found) : found;
    }
}
