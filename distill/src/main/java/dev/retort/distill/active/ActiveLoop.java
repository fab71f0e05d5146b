package dev.retort.distill.active;

import dev.retort.distill.Distillation;
import dev.retort.distill.Distilled;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.select.Candidates;
import dev.retort.distill.select.Selection;
import dev.retort.distill.select.TeacherErrors;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Subset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The rounds of one [ActiveDistillation].
final class ActiveLoop {
    private static final int BATCH = 256;
    private static final int CHOICE = 77;

    private final ActiveDistillation run;
    private final ActiveFolder saved;
    private final String poolId;
    private final String validationId;
    private final Mixtures queried;
    private final List<Tensor> answers = new ArrayList<>();
    private int[] left;
    private Bill bill;
    private @Nullable Tensor validation;
    private double accuracy = Double.NaN;

    ActiveLoop(ActiveDistillation run) {
        this.run = run;
        poolId = Fingerprint.of(run.pool);
        validationId = run.validation == null ? "none" : Fingerprint.of(run.validation);
        String key = run.selector + "; " + run.method + "; budgets " + Arrays.toString(run.budgets) + "; "
                + run.retraining + "; seed " + run.training.seed() + "; epochs " + run.training.epochs() + "; teacher "
                + run.teacher.fingerprint() + "; labelled " + Fingerprint.of(run.labelled) + "; pool " + poolId
                + "; validation " + validationId + "; embedding " + run.embedding;
        saved = new ActiveFolder(run.folder, key);
        queried = new Mixtures(run.pool);
        left = IntStream.range(0, run.pool.size()).toArray();
        bill = new Bill(0, 0, 0, run.price);
    }

    ActiveResult run() throws IOException {
        List<Round> rounds = new ArrayList<>();
        validation = askAboutValidation(); // before anything is trained: a teacher who is gone is found out now
        Distilled student = inFolder(run.distillation(0, null, null).method(new LabelsOnly()), 0)
                .fit();
        rounds.add(close(0, null, null, left.length, student));
        judge();
        for (int number = 1; number <= run.budgets.length && left.length > 0; number++) {
            int before = left.length;
            Selection chosen = choose(number, student);
            run.listener.chosen(number, run.budgets.length, chosen);
            Tensor said = ask(number, chosen);
            queried.add(chosen);
            answers.add(said);
            left = without(left, chosen.indices());
            student = train(number, student);
            rounds.add(close(number, chosen, said, before, student));
        }
        return new ActiveResult(rounds, accuracy);
    }

    private Round close(int number, @Nullable Selection chosen, @Nullable Tensor said, int before, Distilled student) {
        double measured =
                run.test == null ? Double.NaN : student.predict(run.test).accuracy();
        Round round = new Round(number, chosen, said, before, student, measured, bill);
        run.listener.finished(round);
        return round;
    }

    /// The teacher's logits of the validation set; null if nobody uses them.
    private @Nullable Tensor askAboutValidation() throws IOException {
        Dataset held = run.validation;
        if (held == null || !ActiveDistillation.judgesTeacher(run.selector, run.method)) {
            return null;
        }
        Tensor logits = saved.answers("validation");
        if (logits == null) {
            logits =
                    query(0, held, validationId, IntStream.range(0, held.size()).toArray());
            saved.saveAnswers("validation", logits);
        }
        return logits;
    }

    private void judge() {
        Dataset held = run.validation;
        Tensor logits = validation;
        if (held == null || logits == null) {
            return;
        }
        bill = bill.plus(held.size(), 0, Math.ceilDiv(held.size(), BATCH));
        long[] labels = Arrays.stream(held.labels()).asLongStream().toArray();
        accuracy = TeacherErrors.accuracy(Confidence.ofLogits(logits), labels);
    }

    private Selection choose(int number, Distilled student) throws IOException {
        Selection known = saved.chosen(number, run.selector.name());
        if (known != null) {
            return known;
        }
        Subset rest = new Subset(run.pool, left);
        Candidates candidates = Candidates.ofLogits(student.logits(rest));
        if (!Double.isNaN(accuracy)) {
            candidates = candidates.withTeacherAccuracy(accuracy);
        }
        if (run.selector.needsEmbeddings()) {
            Tensor covered = queried.size() == 0
                    ? embed(student, run.labelled)
                    : Tensor.cat(0, embed(student, run.labelled), embed(student, queried));
            candidates = candidates.withEmbeddings(embed(student, rest), covered);
        }
        Rng rng = new Rng(run.training.seed()).fork(CHOICE).fork(number);
        Selection chosen = inPool(run.selector.select(candidates, run.budgets[number - 1], rng));
        saved.saveChosen(number, chosen);
        return chosen;
    }

    /// The same selection with positions of the whole pool.
    private Selection inPool(Selection chosen) {
        List<Selection.Pick> picks = new ArrayList<>();
        for (Selection.Pick pick : chosen.picks()) {
            Selection.Blend blend = pick.blend();
            picks.add(new Selection.Pick(
                    left[pick.index()],
                    pick.probability(),
                    pick.score(),
                    blend == null ? null : new Selection.Blend(left[blend.partner()], blend.weight())));
        }
        return new Selection(chosen.selector(), chosen.score(), picks, chosen.marginals(), chosen.game());
    }

    private Tensor embed(Distilled student, Dataset data) {
        Tap tap = Objects.requireNonNull(run.embedding);
        List<Tensor> parts = new ArrayList<>();
        for (Batch batch : loader(data, run.training.preparation())) {
            Tensor features = Features.quietly(student.student(), batch.inputs(), java.util.Set.of(tap))
                    .get(tap);
            parts.add(Objects.requireNonNull(features).flatten(1));
        }
        return Tensor.cat(0, parts.toArray(Tensor[]::new));
    }

    private static DataLoader loader(Dataset data, Transform transform) {
        return new DataLoader(data, DataLoader.Config.evaluation(BATCH).withTransform(transform));
    }

    private Tensor ask(int number, Selection chosen) throws IOException {
        String name = "round-" + number;
        Tensor said = saved.answers(name);
        if (said == null) {
            boolean mixed = chosen.picks().stream().anyMatch(pick -> pick.blend() != null);
            if (mixed) {
                // Mixtures are samples that nobody has seen: a data set of their own.
                Mixtures own = new Mixtures(run.pool);
                own.add(chosen);
                said = query(
                        number,
                        own,
                        Fingerprint.of(own),
                        IntStream.range(0, own.size()).toArray());
            } else {
                said = query(number, run.pool, poolId, chosen.indices());
            }
            saved.saveAnswers(name, said);
        }
        bill = bill.plus(0, chosen.size(), Math.ceilDiv(chosen.size(), BATCH));
        return said;
    }

    private Tensor query(int round, Dataset data, String id, int[] indices) {
        Transform inputs = run.teacherInputs == null ? run.training.preparation() : run.teacherInputs;
        List<Tensor> parts = new ArrayList<>();
        int done = 0;
        for (Batch batch : loader(new Subset(data, indices), inputs)) {
            int[] own = Arrays.copyOfRange(indices, done, done + batch.indices().length);
            Tensor logits = run.teacher.logits(TeacherQuery.logits(id, own, batch::inputs));
            if (logits.rank() != 2 || logits.size(0) != own.length) {
                throw new IllegalStateException(
                        "active distillation: expected teacher logits [" + own.length + ", L], got " + logits.type());
            }
            parts.add(logits);
            done += own.length;
            run.listener.answered(round, done, indices.length);
            if (done < indices.length && run.listener.stopRequested()) {
                throw new TrainingStopped("questions of round " + round, done, null);
            }
        }
        return Tensor.cat(0, parts.toArray(Tensor[]::new));
    }

    private Distilled train(int number, Distilled before) throws IOException {
        BoughtAnswers bought = new BoughtAnswers(
                run.teacher.fingerprint(),
                validationId,
                validation,
                run.labelled.labels(),
                Tensor.cat(0, answers.toArray(Tensor[]::new)));
        Distillation distillation =
                run.distillation(number, bought, before).unlabelled(queried).method(run.method);
        if (run.validation != null && validation != null) {
            distillation.validation(run.validation);
        }
        return inFolder(distillation, number).fit();
    }

    private Distillation inFolder(Distillation distillation, int round) {
        Path folder = saved.training(round);
        return folder == null ? distillation : distillation.folder(folder);
    }

    private static int[] without(int[] sorted, int[] gone) {
        boolean[] taken = new boolean[sorted.length];
        for (int index : gone) {
            taken[Arrays.binarySearch(sorted, index)] = true;
        }
        return IntStream.range(0, sorted.length)
                .filter(i -> !taken[i])
                .map(i -> sorted[i])
                .toArray();
    }
}
