package dev.retort.distill;

import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.distill.teacher.DropoutPasses;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherOutputs;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a stage starts with: networks and data, and from a dry run the shapes and the teacher's labels.
///
/// @param stage        what is to be done
/// @param number       its position in the method, from 0
/// @param training     how
/// @param data         labelled samples and pool
/// @param dataset      identity of `data`
/// @param validation   held-out labelled samples, or null
/// @param validationId identity of `validation`
/// @param teacher      who teaches, or null
/// @param source       makes the samples of `data`, or null if they are data
record StageInputs(
        Stage stage,
        int number,
        Training training,
        TransferSet data,
        String dataset,
        @Nullable Dataset validation,
        String validationId,
        @Nullable Teacher teacher,
        @Nullable SampleSource source) {
    private static final int ADAPTERS = 2;
    private static final int PASSES = 6;

    Set<Tap> studentTaps() {
        Set<Tap> taps = new LinkedHashSet<>(Set.of(Tap.LOGITS));
        for (Need need : stage.objective().needs()) {
            if (need instanceof Need.StudentTap wanted) {
                taps.add(wanted.tap());
            }
        }
        return taps;
    }

    Set<Tap> teacherTaps() {
        Set<Tap> taps = new LinkedHashSet<>();
        for (Need need : stage.objective().needs()) {
            if (need instanceof Need.TeacherTap wanted) {
                taps.add(wanted.tap());
            }
        }
        return taps;
    }

    int views() {
        int views = 1;
        for (Need need : stage.objective().needs()) {
            if (need instanceof Need.Views wanted) {
                views = Math.max(views, wanted.count());
            }
        }
        return views;
    }

    /// Whether images are also seen turned.
    boolean rotations() {
        return stage.objective().needs().contains(new Need.Rotations());
    }

    /// Dropout that a need asks for in training.
    List<TapDropout> studentDropout() {
        List<TapDropout> sites = new ArrayList<>();
        for (Need need : stage.objective().needs()) {
            if (need instanceof Need.StudentDropout wanted) {
                sites.add(wanted.dropout());
            }
        }
        return sites;
    }

    /// Draws of this stage for one purpose.
    Rng rng(int purpose) {
        return new Rng(training.seed()).fork(purpose).fork(number);
    }

    /// What happens to inputs in training.
    ///
    /// @throws IllegalStateException if samples that are made, as networks see them, are to be augmented and
    ///                               prepared in one
    Transform augmentation() {
        if (source == null) {
            return training.augmentation();
        }
        if (!training.isPlain() && training.preparation() != Transform.IDENTITY) {
            throw new IllegalStateException("distillation: stage " + stage.name()
                    + " makes samples as networks see them; expected an augmentation without preparation");
        }
        return training.isPlain() ? Transform.IDENTITY : training.augmentation();
    }

    private Transform preparation() {
        return source == null ? training.preparation() : Transform.IDENTITY;
    }

    boolean inputGradients() {
        return stage.objective().needs().contains(new Need.InputGradients());
    }

    /// Whether the teacher's logits on training inputs are its labels: no augmentation, and answers row
    /// by row.
    boolean teacherLogitsAreLabels() {
        boolean byRow = !(teacher instanceof LiveTeacher live) || live.mode() == LiveTeacher.Mode.EVAL;
        return training.isPlain()
                && source == null
                && byRow
                && !rotations()
                && teacherTaps().equals(Set.of(Tap.LOGITS));
    }

    boolean needsTeacherLabels() {
        return stage.objective().needs().contains(new Need.TeacherLabels()) || teacherLogitsAreLabels();
    }

    /// Whether the teacher's logits of all samples are computed once and kept. Those of texts [T, V] are
    /// not, unless they are asked for: they would take the samples times the length times the
    /// vocabulary.
    private boolean keepsTeacherLogits(Map<Tap, Shape> teacherShapes) {
        boolean declared = stage.objective().needs().contains(new Need.TeacherLabels());
        return declared
                || teacherLogitsAreLabels()
                        && teacherShapes.getOrDefault(Tap.LOGITS, Shape.SCALAR).rank() == 1;
    }

    /// The teacher.
    ///
    /// @throws IllegalStateException if there is none
    Teacher requireTeacher() {
        Teacher present = teacher;
        if (present == null) {
            throw new IllegalStateException("distillation: stage " + stage.name() + " expects a teacher, got none");
        }
        return present;
    }

    /// Checks that the run can meet all needs, runs both networks once, and asks the teacher for its
    /// labels.
    ///
    /// @throws IllegalStateException if a need can't be met
    Setup setUp(Layer student) {
        if (views() > 1 && training.isPlain()) {
            throw new IllegalStateException("distillation: stage " + stage.name() + " expects " + views()
                    + " views, which without augmentation would all be the same");
        }
        if (source != null) {
            refuse(Need.TeacherLabels.class, "samples that change have no fixed labels");
            refuse(Need.SampleIndices.class, "samples that change have no fixed indices");
            refuse(Need.TeacherPasses.class, "samples that change have no fixed labels");
        }
        if (needsTeacherLabels() || !teacherTaps().isEmpty()) {
            requireTeacher();
        }
        Batch sample = firstSamples();
        requireTurnable(sample.inputs());
        Map<Tap, Shape> studentShapes = shapes(Features.quietly(student, sample.inputs(), studentTaps()));
        Map<Tap, Shape> teacherShapes = Map.of();
        if (!teacherTaps().isEmpty()) {
            TeacherQuery query =
                    new TeacherQuery(dataset, sample.indices(), TeacherQuery.NONE, sample::inputs, teacherTaps());
            teacherShapes = shapes(requireTeacher().answer(query));
        }
        boolean labels = keepsTeacherLogits(teacherShapes);
        Dataset held = validation;
        long[] heldLabels = new long[held == null ? 0 : held.size()];
        for (int i = 0; held != null && i < heldLabels.length; i++) {
            heldLabels[i] = held.label(i);
        }
        Shape logits = studentShapes.getOrDefault(Tap.LOGITS, Shape.SCALAR);
        return new Setup(
                studentShapes,
                teacherShapes,
                logits.dim(logits.rank() - 1),
                data.allLabels(),
                labels ? teacherLabels(data, dataset) : null,
                labels && held != null ? teacherLabels(held, validationId) : null,
                heldLabels,
                teacherPasses(),
                rng(ADAPTERS));
    }

    private void requireTurnable(Tensor first) {
        if (rotations() && (views() > 1 || first.rank() != 4 || first.size(2) != first.size(3))) {
            throw new IllegalStateException("distillation: stage " + stage.name()
                    + " turns images; expected square ones [C, S, S] in one view, got " + first.type() + " in "
                    + views());
        }
    }

    private @Nullable Tensor teacherPasses() {
        for (Need need : stage.objective().needs()) {
            if (need instanceof Need.TeacherPasses wanted) {
                Layer network = requireTeacher()
                        .asNetwork()
                        .orElseThrow(() -> new IllegalStateException("distillation: stage " + stage.name()
                                + " runs the teacher with dropout; expected a network of this process as teacher"));
                return DropoutPasses.logits(
                        network, data, training.preparation(), wanted.count(), wanted.extra(), rng(PASSES));
            }
        }
        return null;
    }

    /// The student before an epoch.
    EpochStart epochStart(int epoch, Layer student) {
        return new EpochStart(epoch, () -> Predictions.logits(student, data, preparation()), () -> {
            Dataset held = validation;
            if (held == null) {
                throw new IllegalStateException(
                        "distillation: stage " + stage.name() + " expected a validation set, got none");
            }
            return Predictions.logits(student, held, training.preparation());
        });
    }

    private void refuse(Class<? extends Need> kind, String reason) {
        if (stage.objective().needs().stream().anyMatch(kind::isInstance)) {
            throw new IllegalStateException(
                    "distillation: stage " + stage.name() + " declares " + kind.getSimpleName() + ", but " + reason);
        }
    }

    private Tensor teacherLabels(Dataset samples, String id) {
        return TeacherOutputs.logits(requireTeacher(), samples, id, training.preparation());
    }

    private Batch firstSamples() {
        DataLoader.Config config =
                DataLoader.Config.evaluation(2).withTransform(preparation()).withPrefetch(0);
        return new DataLoader(data, config).iterator().next();
    }

    /// Shapes without the batch dimension.
    private static Map<Tap, Shape> shapes(Map<Tap, Tensor> tensors) {
        Map<Tap, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach((tap, tensor) -> shapes.put(tap, tensor.shape().without(0)));
        return shapes;
    }
}
