package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.distill.feature.TapPair;
import dev.retort.distill.method.BlindDistillation;
import dev.retort.distill.method.BornAgain;
import dev.retort.distill.method.Crd;
import dev.retort.distill.method.Ctkd;
import dev.retort.distill.method.DeepMutualLearning;
import dev.retort.distill.method.Dgkd;
import dev.retort.distill.method.Dot;
import dev.retort.distill.method.FitNet;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.NoisyStudent;
import dev.retort.distill.method.ProgressiveKd;
import dev.retort.distill.method.ReviewKd;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.Takd;
import dev.retort.distill.method.TeacherLabel;
import dev.retort.distill.method.Ups;
import dev.retort.distill.method.VariationalInformation;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.RandomHorizontalFlip;
import dev.retort.nn.data.Transform;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DistillationTest {
    private static final Tap STUDENT = Tap.output("layers.relu1");
    private static final Tap TEACHER = Tap.input("layers.relu1");
    private static final Transform NOISE =
            (input, rng) -> input.add(Random.normal(rng, Clusters.SIZE).mul(.1));
    private static final Clusters SMALL = new Clusters(1, 20, 30, 40, 10);

    /// Stops after a number of steps of all stages together.
    private static final class StopAfter implements TrainingListener {
        private int left;

        StopAfter(int steps) {
            left = steps;
        }

        @Override
        public void step(long step, int samples, double loss) {
            left--;
        }

        @Override
        public boolean stopRequested() {
            return left <= 0;
        }
    }

    private static Distillation small(DistillationMethod method) {
        NetworkFactory dropout = rng ->
                new Mlp(Mlp.Config.of(Clusters.SIZE, Clusters.CLASSES, 12).withDropout(.3), rng);
        Training training = Clusters.training(3)
                .withBatchSize(16, 2)
                .withTransforms(NOISE, Transform.IDENTITY)
                .withEvery(1, 5);
        return Distillation.with(Clusters.mlp(24).create(new Rng(3)), dropout)
                .labelled(SMALL.labelled)
                .unlabelled(SMALL.pool)
                .validation(SMALL.validation)
                .training(training)
                .method(method);
    }

    private static final TapDropout DROPOUT = new TapDropout(STUDENT, .3);

    private static final List<Architecture> ASSISTANTS =
            List.of(new Architecture("wide", Clusters.mlp(18)), new Architecture("narrow", Clusters.mlp(15)));

    static Stream<DistillationMethod> resumable() {
        return Stream.of(
                new Slam(),
                new HintonKd(),
                new Ctkd(Ctkd.Form.INSTANCE),
                new Takd(ASSISTANTS),
                new Dgkd(ASSISTANTS),
                new Dot(new HintonKd()),
                new ProgressiveKd(.5, 3),
                new Crd(STUDENT, TEACHER, .8, 8, 20, .07, .5, HintonKd.labelsOnly()),
                new DeepMutualLearning(),
                new FitNet(STUDENT, TEACHER, 1, FitNet.Order.STAGED, new HintonKd()),
                new BornAgain(2, true, new HintonKd(1, 1, 1)),
                new Slam().withRounds(2).withValidation(true),
                new WeightedDistillation(),
                new Ups(3, new Ups.Thresholds(0, 1), new Ups.Thresholds(.1, 1), 2, DROPOUT, DROPOUT, 5, 2),
                new NoisyStudent(TeacherLabel.SOFT, .1, true, DROPOUT, 2),
                new VariationalInformation(STUDENT, TEACHER),
                new BlindDistillation(2, true, 1, .5, .1),
                new ReviewKd(List.of(new TapPair(STUDENT, TEACHER))));
    }

    @ParameterizedTest
    @MethodSource("resumable")
    void stoppedAndResumedIsTheSameAsUninterrupted(DistillationMethod method, @TempDir Path folder) throws IOException {
        Distilled straight = small(method).fit();
        Distilled resumed = null;
        for (int stops = 0; resumed == null; stops++) {
            // Stops of different lengths, some in the middle of an epoch, so some work is done twice.
            try {
                resumed = small(method)
                        .folder(folder)
                        .listener(new StopAfter(3 + stops))
                        .fit();
            } catch (TrainingStopped stopped) {
                assertThat(stopped.checkpoint()).exists();
                assertThat(stopped).hasMessageContaining("training stopped in stage");
            }
            assertThat(stops).isLessThan(20);
        }
        assertThat(resumed.students()).hasSameSizeAs(straight.students());
        for (int i = 0; i < straight.students().size(); i++) {
            Map<String, float[]> expected =
                    Clusters.snapshot(straight.students().get(i));
            Clusters.snapshot(resumed.students().get(i))
                    .forEach(
                            (name, values) -> assertThat(values).as(name).containsExactly(Clusters.of(expected, name)));
        }
        assertThat(resumed.reports()).isEqualTo(straight.reports());
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("running checkpoints are gone")
                    .allMatch(name -> name.matches("stage-\\d\\.safetensors"))
                    .hasSize(method.stages().size());
        }
    }

    /// Killed without a chance to save: goes on from the last checkpoint of every fifth step.
    @Test
    void killedBetweenCheckpointsIsTheSameAsUninterrupted(@TempDir Path folder) throws IOException {
        Distilled straight = small(new Slam()).fit();
        TrainingListener killer = new TrainingListener() {
            @Override
            public void step(long step, int samples, double loss) {
                if (step == 8) {
                    throw new IllegalStateException("killed");
                }
            }
        };
        assertThatThrownBy(
                        () -> small(new Slam()).folder(folder).listener(killer).fit())
                .hasMessage("killed");
        long[] first = new long[1];
        TrainingListener watcher = new TrainingListener() {
            @Override
            public void started(String method, String stage, long step, long steps) {
                first[0] = step;
            }
        };
        Distilled resumed = small(new Slam()).folder(folder).listener(watcher).fit();
        assertThat(first[0]).isEqualTo(5);
        Map<String, float[]> expected = Clusters.snapshot(straight.student());
        Clusters.snapshot(resumed.student())
                .forEach((name, values) -> assertThat(values).as(name).containsExactly(Clusters.of(expected, name)));
        assertThat(small(new Slam()).folder(folder).fit().reports())
                .as("a finished run is only read")
                .isEqualTo(straight.reports());
    }

    @Test
    void aFolderOfAnotherRunIsRefused(@TempDir Path folder) throws IOException {
        small(new Slam()).folder(folder).fit();
        assertThatThrownBy(() ->
                        small(new Slam().withLowerBound(.7)).folder(folder).fit())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("holds another run")
                .hasMessageContaining("lowerBound=0.7")
                .hasMessageContaining("choose another folder")
                .message()
                .doesNotContain("teacher ", "epochs"); // the same in both runs
        Training mirrored = Clusters.training(1).withTransforms(new RandomHorizontalFlip(), Transform.IDENTITY);
        assertThatThrownBy(() ->
                        small(new Slam()).training(mirrored).folder(folder).fit())
                .hasMessageContaining("holds another run")
                .hasMessageContaining("augmentation [horizontal flip 0.5]");
    }

    @Test
    void exportGivesThePlainStudent() throws IOException {
        Distilled result = small(new FitNet(STUDENT, TEACHER)).fit();
        Layer plain = result.export(
                Tensor.stack(0, SMALL.test.get(0).input(), SMALL.test.get(1).input()));
        assertThat(plain).isNotSameAs(result.student());
        assertThat(plain.stateDict().keySet()).noneMatch(name -> name.contains("map"));
        assertThat(plain.isTraining()).isFalse();
        Distilled other = new Distilled("x", result.students(), List.of(), Transform.IDENTITY, rng -> {
            Layer network = Clusters.mlp(12).create(rng);
            network.hook((module, in, out) -> out[0] = out[0].mul(2.0));
            return network;
        });
        assertThatThrownBy(() -> other.export(SMALL.test.get(0).input().unsqueeze(0)))
                .hasMessageContaining("the factory made another one");
    }

    @Test
    void anExistingStudentIsTrainedItself() throws IOException {
        Layer student = Clusters.mlp(12).create(new Rng(1));
        Map<String, float[]> before = Clusters.snapshot(student);
        Distilled result = existing(student).method(new HintonKd()).fit();
        assertThat(result.student()).isSameAs(student);
        assertThat(Clusters.of(before, "layers.fc1.weight"))
                .isNotEqualTo(Clusters.of(Clusters.snapshot(student), "layers.fc1.weight"));
        assertThat(result.export(SMALL.test.get(0).input().unsqueeze(0))).isSameAs(student);
        FitNet staged = new FitNet(STUDENT, TEACHER, 1, FitNet.Order.STAGED, new HintonKd());
        assertThat(existing(student).method(staged).fit().reports()).hasSize(2);
        assertThatThrownBy(() -> existing(student).method(new BornAgain()).fit())
                .hasMessageContaining("stage generation2 expects another new student");
        assertThatThrownBy(
                        () -> existing(student).method(new DeepMutualLearning()).fit())
                .hasMessageContaining("give a factory of students");
    }

    private static Distillation existing(Layer student) {
        return Distillation.with(new LiveTeacher(Clusters.mlp(24).create(new Rng(3))), student)
                .labelled(SMALL.labelled)
                .unlabelled(SMALL.pool)
                .training(Clusters.training(1));
    }

    @Test
    void anEnsembleAnswersWithTheMeanProbabilities() throws IOException {
        Distilled both = small(new BornAgain(2, true, new HintonKd(1, 1, 1))).fit();
        assertThat(both.students()).hasSize(2);
        Distilled first =
                new Distilled("1", both.students().subList(0, 1), List.of(), both.preparation(), both.factory());
        Distilled second =
                new Distilled("2", both.students().subList(1, 2), List.of(), both.preparation(), both.factory());
        double mean = (first.logits(SMALL.test).softmax(1).get(3, 4)
                        + second.logits(SMALL.test).softmax(1).get(3, 4))
                / 2;
        assertThat(both.logits(SMALL.test).exp().get(3, 4))
                .isCloseTo(mean, org.assertj.core.api.Assertions.within(1e-6));
        assertThat(both.reports()).hasSize(6).extracting(EpochReport::stage).contains("generation1", "generation2");
        assertThat(both.reports()).allMatch(EpochReport::isEvaluated);
    }

    @Test
    void whatIsMissingIsSaid() {
        assertThatThrownBy(() -> Distillation.withoutTeacher(Clusters.mlp(4))
                        .method(new LabelsOnly())
                        .fit())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected samples and a method");
        assertThatThrownBy(() -> Distillation.withoutTeacher(Clusters.mlp(4))
                        .labelled(SMALL.labelled)
                        .method(new SoftLabels())
                        .fit())
                .hasMessageContaining("stage soft expects a teacher, got none");
        assertThatThrownBy(() -> Distillation.with(Clusters.mlp(4).create(new Rng(1)), Clusters.mlp(4))
                        .labelled(SMALL.labelled)
                        .method(new Slam())
                        .fit())
                .hasMessageContaining("expected a validation set");
        assertThatThrownBy(() -> Clusters.training(1).withBatchSize(10, 3))
                .hasMessageContaining("divide the batch size 10");
    }

    /// The point of it all: with few labels, a pool, and a teacher that has seen more, distilled
    /// students win.
    @Test
    void distilledStudentsBeatTheUndistilledOne() throws IOException {
        Clusters rich = new Clusters(40, 1500, 1, 1, 1);
        Clusters poor = new Clusters(40, 100, 2000, 300, 2000);
        Layer teacher = rich.teacher(30, 1);
        double plain = accuracy(poor, teacher, new LabelsOnly(), 8, 2);
        for (DistillationMethod method :
                List.of(new HardPseudoLabels(), new SoftLabels(), new HintonKd(), new Slam())) {
            assertThat(accuracy(poor, teacher, method, 8, 2)).as(method.name()).isGreaterThan(plain + .03);
        }
    }

    /// A teacher trained on the same few labels errs; label mixing forgives it more than hard
    /// pseudo-labels do. Seeds are paired: same data, same teacher, same initial student, same order.
    @Test
    void mixingBeatsHardPseudoLabelsOfANoisyTeacher() throws IOException {
        double gain = 0;
        for (int seed = 0; seed < 3; seed++) {
            Clusters data = new Clusters(40 + seed, 300, 6000, 300, 4000);
            Layer teacher = data.teacher(60, seed);
            gain += accuracy(data, teacher, new Slam(), 40, seed)
                    - accuracy(data, teacher, new HardPseudoLabels(), 40, seed);
        }
        assertThat(gain / 3).isGreaterThan(.002);
    }

    private static double accuracy(Clusters data, Layer teacher, DistillationMethod method, int epochs, long seed)
            throws IOException {
        return Distillation.with(teacher, Clusters.mlp(64))
                .labelled(data.labelled)
                .unlabelled(Clusters.withWrongLabels(data.pool))
                .validation(data.validation)
                .training(Training.defaults()
                        .withEpochs(epochs)
                        .withOptimizer(new OptimizerChoice.OfAdam(Adam.Config.of(1e-3)), new ScheduleChoice.Constant())
                        .withEvery(0, 0)
                        .withSeed(seed))
                .method(method)
                .fit()
                .predict(data.test)
                .accuracy();
    }
}
