package dev.retort.distill.active;

import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.Need;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Stage;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.select.Rad;
import dev.retort.distill.select.Selector;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Price;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Distillation from a teacher who is asked about a few samples only, in rounds.
///
/// ```
/// S = labelled samples; student trained on S; P = pool
/// repeat for r = 1 … R:
///     C = selector(P, student, teacher's estimated accuracy, b_r)
///     ask the teacher about C;  S += (C, answers);  P −= C
///     train a student on S by the method
/// ```
///
/// ```java
/// ActiveResult result = ActiveDistillation.with(teacher, rng -> new Mlp(784, 64, 10, rng))
///         .labelled(labelled).pool(pool).validation(validation).test(test)
///         .selector(new Rad()).method(new Slam()).budget(900, 6)
///         .price(Price.perRow("0.002", "EUR"))
///         .fit();
/// ```
///
/// Any selector goes with any method that needs the teacher's logits on clean inputs. The teacher is asked
/// about chosen samples and, once, about the whole validation set; for labelled samples its answer is
/// taken to be their label. With a folder everything chosen, answered and trained is saved, and a later run
/// of the same configuration goes on with the same bits, asking about nothing twice; for a teacher that
/// costs money, put a [dev.retort.distill.remote.PaidTeacher] between, whose journal is written answer by
/// answer. Not thread-safe.
///
/// Source: Baykal, Trinh, Iliopoulos, Menghani and Vee, "Robust Active Distillation", 2023, arXiv
/// 2210.01213.
public final class ActiveDistillation {
    final Teacher teacher;
    final NetworkFactory students;
    Dataset labelled = new Nothing();
    Dataset pool = new Nothing();

    @Nullable
    Dataset validation;

    @Nullable
    Dataset test;

    Selector selector = new Rad();
    DistillationMethod method = new SoftLabels();
    int[] budgets = new int[0];
    Retraining retraining = Retraining.FRESH;
    Training training = Training.defaults();

    @Nullable
    Transform teacherInputs;

    @Nullable
    Tap embedding;

    Price price = Price.FREE;
    ActiveListener listener = ActiveListener.SILENT;

    @Nullable
    Path folder;

    private ActiveDistillation(Teacher teacher, NetworkFactory students) {
        this.teacher = teacher;
        this.students = students;
    }

    /// From a teacher into students of one architecture.
    public static ActiveDistillation with(Teacher teacher, NetworkFactory students) {
        return new ActiveDistillation(teacher, students);
    }

    /// From a network, in evaluation mode, into students of one architecture.
    public static ActiveDistillation with(Layer teacher, NetworkFactory students) {
        return with(new LiveTeacher(teacher), students);
    }

    /// The samples whose labels are known; the first student is trained on them.
    public ActiveDistillation labelled(Dataset data) {
        labelled = data;
        return this;
    }

    /// The samples that the teacher can be asked about; labels that they have are not looked at.
    public ActiveDistillation pool(Dataset data) {
        pool = data;
        return this;
    }

    /// Labelled samples to judge the teacher by. It is asked about all of them, once, at the usual price,
    /// if the selector or the method uses its answers.
    public ActiveDistillation validation(Dataset data) {
        validation = data;
        return this;
    }

    /// Labelled samples to measure students by after every round; the teacher is not asked.
    public ActiveDistillation test(Dataset data) {
        test = data;
        return this;
    }

    /// How samples are chosen; [Rad] if nothing is said.
    public ActiveDistillation selector(Selector newSelector) {
        selector = newSelector;
        return this;
    }

    /// How students are taught; [SoftLabels] if nothing is said.
    public ActiveDistillation method(DistillationMethod newMethod) {
        method = newMethod;
        return this;
    }

    /// A number of samples in all, spread evenly over rounds; the first ones take the remainder.
    ///
    /// @throws IllegalArgumentException if there is less than one sample a round
    public ActiveDistillation budget(int samples, int rounds) {
        if (rounds < 1 || samples < rounds) {
            throw new IllegalArgumentException(
                    "active distillation: expected at least one round and one sample a round," + " got " + rounds
                            + " rounds and " + samples + " samples");
        }
        int[] each = new int[rounds];
        Arrays.setAll(each, r -> samples / rounds + (r < samples % rounds ? 1 : 0));
        return budgets(each);
    }

    /// Numbers of samples, round by round.
    ///
    /// @throws IllegalArgumentException if there is no round, or one is below 1
    public ActiveDistillation budgets(int... samples) {
        if (samples.length == 0 || Arrays.stream(samples).anyMatch(b -> b < 1)) {
            throw new IllegalArgumentException(
                    "active distillation: expected budgets of at least 1, got " + Arrays.toString(samples));
        }
        budgets = samples.clone();
        return this;
    }

    /// What students start from; [Retraining#FRESH] if nothing is said.
    public ActiveDistillation retraining(Retraining policy) {
        retraining = policy;
        return this;
    }

    /// How long and how students are trained each round; [Training#defaults()] if nothing is said.
    public ActiveDistillation training(Training newTraining) {
        training = newTraining;
        return this;
    }

    /// What is done to inputs before the teacher sees them; the training's preparation if nothing is said.
    public ActiveDistillation teacherInputs(Transform transform) {
        teacherInputs = transform;
        return this;
    }

    /// Where in the student the embeddings are that some selectors need; usually what its classifier
    /// receives.
    public ActiveDistillation embedding(Tap tap) {
        embedding = tap;
        return this;
    }

    /// What the teacher's answers cost; nothing if nothing is said.
    public ActiveDistillation price(Price newPrice) {
        price = newPrice;
        return this;
    }

    /// Who watches, and may stop.
    public ActiveDistillation listener(ActiveListener newListener) {
        listener = newListener;
        return this;
    }

    /// Where everything is kept; nothing is saved if nothing is said.
    public ActiveDistillation folder(Path newFolder) {
        folder = newFolder;
        return this;
    }

    /// Whether a run with these asks the teacher about the validation set.
    public static boolean judgesTeacher(Selector selector, DistillationMethod method) {
        return selector.needsTeacherAccuracy()
                || method.stages().stream()
                        .map(Stage::objective)
                        .anyMatch(objective -> objective.needs().contains(new Need.TeacherLabels()));
    }

    /// Runs all rounds, or what is left of them. It ends early when the pool is used up.
    ///
    /// @throws IllegalStateException              if data or budgets are missing, or the folder holds
    ///     another run
    /// @throws IllegalArgumentException           if the selector lacks what it needs
    /// @throws dev.retort.distill.TrainingStopped if the listener asked to stop
    /// @throws IOException                        if a file can't be read or written
    public ActiveResult fit() throws IOException {
        check();
        return new ActiveLoop(this).run();
    }

    private void check() {
        if (labelled.size() == 0 || pool.size() == 0 || budgets.length == 0) {
            throw new IllegalStateException("active distillation: expected labelled samples, a pool and a budget, got "
                    + labelled.size() + " labelled, a pool of " + pool.size() + " and " + budgets.length + " rounds");
        }
        if (selector.needsTeacherAccuracy() && (validation == null || validation.size() == 0)) {
            throw new IllegalStateException("active distillation: selector " + selector.name()
                    + " expects a validation set to judge the teacher by, got none");
        }
        if (selector.needsEmbeddings() && embedding == null) {
            throw new IllegalStateException(
                    "active distillation: selector " + selector.name() + " expects the tap of an embedding, got none");
        }
    }

    /// A training run of one round.
    Distillation distillation(int round, @Nullable Teacher bought, @Nullable Distilled before) {
        NetworkFactory factory = retraining == Retraining.FRESH || before == null
                ? students
                : rng -> {
                    Layer student = students.create(rng);
                    student.loadStateDict(before.student().stateDict());
                    return student;
                };
        Distillation run = bought == null ? Distillation.withoutTeacher(factory) : Distillation.with(bought, factory);
        return run.labelled(labelled).listener(listener).training(trainingOf(round));
    }

    private Training trainingOf(int round) {
        return round == 0
                ? training
                : training.withSeed(
                        new dev.retort.tensor.Rng(training.seed()).fork(round).seed());
    }

    private static final class Nothing implements Dataset {
        @Override
        public int size() {
            return 0;
        }

        @Override
        public dev.retort.nn.data.Sample get(int index) {
            throw new IndexOutOfBoundsException(index);
        }
    }
}
