package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.estimate.Transition;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapDropout;
import dev.retort.distill.feature.TapPair;
import dev.retort.distill.method.ActivationBoundaries;
import dev.retort.distill.method.AnnealingKd;
import dev.retort.distill.method.BinaryKd;
import dev.retort.distill.method.BlindDistillation;
import dev.retort.distill.method.Bootstrapping;
import dev.retort.distill.method.BornAgain;
import dev.retort.distill.method.Byot;
import dev.retort.distill.method.CorrelationCongruence;
import dev.retort.distill.method.Crd;
import dev.retort.distill.method.Ctkd;
import dev.retort.distill.method.DeepMutualLearning;
import dev.retort.distill.method.Dist;
import dev.retort.distill.method.Dkd;
import dev.retort.distill.method.EmbeddingRegression;
import dev.retort.distill.method.FidelityWeighting;
import dev.retort.distill.method.FitNet;
import dev.retort.distill.method.GeneralizedCrossEntropy;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.LossCorrection;
import dev.retort.distill.method.Lskd;
import dev.retort.distill.method.Mlkd;
import dev.retort.distill.method.Nkd;
import dev.retort.distill.method.NoisyStudent;
import dev.retort.distill.method.NormKd;
import dev.retort.distill.method.OnlineBranches;
import dev.retort.distill.method.Pkt;
import dev.retort.distill.method.ProgressiveKd;
import dev.retort.distill.method.ReviewKd;
import dev.retort.distill.method.Rkd;
import dev.retort.distill.method.Rld;
import dev.retort.distill.method.SimilarityPreservation;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.TaylorCrossEntropy;
import dev.retort.distill.method.TeacherFreeKd;
import dev.retort.distill.method.TeacherLabel;
import dev.retort.distill.method.Ttm;
import dev.retort.distill.method.Ups;
import dev.retort.distill.method.VariationalInformation;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.method.Wsld;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Transform;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StageLoopTest {
    private static final Tap STUDENT = Tap.output("layers.relu1");
    private static final Tap TEACHER = Tap.input("layers.relu1");
    private static final TapDropout DROPOUT = new TapDropout(STUDENT, .3);
    private static final List<TapPair> PAIRS = List.of(new TapPair(STUDENT, TEACHER));
    private static final Clusters DATA = new Clusters(1, 20, 30, 40, 10);

    private static final Architecture BRANCH = new Architecture("linear", rng -> new Linear(12, Clusters.CLASSES, rng));

    static Stream<DistillationMethod> methods() {
        return Stream.of(
                new LabelsOnly(),
                new HardPseudoLabels(),
                new SoftLabels(),
                new HintonKd(),
                new Dkd(),
                new Lskd(),
                new Dist(),
                new Nkd(),
                new Wsld(),
                new Ttm(.2, 1, true),
                new NormKd(),
                new Ctkd(),
                new Ctkd(Ctkd.Form.INSTANCE),
                new Lskd(new Dkd()),
                new Mlkd(),
                new TeacherFreeKd(),
                new AnnealingKd(4, 1, .5),
                new BinaryKd(),
                new Rld(),
                new ProgressiveKd(),
                new Slam(),
                new Slam()
                        .withMixing(dev.retort.distill.method.Mixing.NORMALISED)
                        .withLabels(TeacherLabel.SOFT),
                new FitNet(STUDENT, TEACHER),
                new Rkd(STUDENT, TEACHER),
                new Crd(STUDENT, TEACHER, .8, 8, 20, .07, .5, new HintonKd()),
                new DeepMutualLearning(),
                new BornAgain(),
                new WeightedDistillation(),
                new FidelityWeighting(),
                new TaylorCrossEntropy(),
                new GeneralizedCrossEntropy(),
                Bootstrapping.hard(),
                Bootstrapping.soft(),
                new LossCorrection(),
                new LossCorrection(
                        LossCorrection.Direction.BACKWARD, Transition.Known.symmetric(10, .2), TeacherLabel.SOFT),
                new Ups(3, new Ups.Thresholds(0, 1), new Ups.Thresholds(.1, 1), 2, DROPOUT, null, 0, 1),
                new NoisyStudent(TeacherLabel.SOFT, 0, true, null, 1),
                new NoisyStudent(TeacherLabel.SOFT, 0, true, new TapDropout(STUDENT, .3), 1),
                new VariationalInformation(STUDENT, TEACHER),
                new BlindDistillation(),
                new EmbeddingRegression(),
                new SimilarityPreservation(PAIRS),
                new Pkt(STUDENT, TEACHER),
                new CorrelationCongruence(STUDENT, TEACHER),
                new ActivationBoundaries(PAIRS, 1, .1, FitNet.Order.JOINT, HintonKd.labelsOnly()),
                new ReviewKd(PAIRS, 1, 1, HintonKd.labelsOnly()),
                new Byot(List.of(STUDENT), STUDENT),
                new OnlineBranches(STUDENT, BRANCH));
    }

    private static boolean hasAdapters(DistillationMethod method) {
        return method instanceof FitNet
                || method instanceof Ctkd
                || method instanceof Crd
                || method instanceof VariationalInformation
                || method instanceof ActivationBoundaries
                || method instanceof ReviewKd
                || method instanceof OnlineBranches
                || method instanceof Byot;
    }

    private static boolean dependsOnTheCut(DistillationMethod method) {
        boolean dropout = method.needs().stream().anyMatch(Need.StudentDropout.class::isInstance);
        return method instanceof Rkd
                || method instanceof Dist
                || method instanceof Mlkd
                || method instanceof OnlineBranches
                || method instanceof Crd
                || method instanceof SimilarityPreservation
                || method instanceof Pkt
                || method instanceof CorrelationCongruence
                || method instanceof ReviewKd
                || dropout;
    }

    private static StageInputs inputs(Objective objective, Training training, Layer teacher) {
        Teacher live = new LiveTeacher(teacher);
        return new StageInputs(
                Stage.of("test", objective),
                0,
                training,
                new TransferSet(DATA.labelled, Clusters.withWrongLabels(DATA.pool)),
                "data",
                DATA.validation,
                "validation",
                live,
                null);
    }

    private static List<Layer> students(int count) {
        List<Layer> students = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            students.add(Clusters.mlp(12).create(new Rng(5).fork(i)));
        }
        return students;
    }

    private static Layer teacher() {
        return Clusters.mlp(24).create(new Rng(3));
    }

    private static Map<String, float[]> trained(StageLoop loop) {
        Map<String, float[]> out = new LinkedHashMap<>();
        loop.trained()
                .forEach((name, parameter) -> out.put(name, parameter.tensor().toFloats()));
        return out;
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneStepChangesEveryTrainedParameterAndNothingOfTheTeacher(DistillationMethod method) {
        Layer teacher = teacher();
        Map<String, float[]> before = Clusters.snapshot(teacher);
        Training training = Clusters.training(1).withBatchSize(50, 1);
        StageLoop loop = new StageLoop(inputs(method, training, teacher), new Cohort(students(method.peers())));
        Map<String, float[]> start = trained(loop);
        loop.advance();
        trained(loop).forEach((name, values) -> assertThat(values).as(name).isNotEqualTo(start.get(name)));
        Clusters.snapshot(teacher)
                .forEach((name, values) -> assertThat(values).as(name).containsExactly(Clusters.of(before, name)));
        assertThat(teacher.parameters()).as("no gradient reached the teacher").allMatch(p -> p.grad() == null);
        boolean adapters = start.keySet().stream().anyMatch(name -> name.startsWith("adapter-"));
        assertThat(adapters).isEqualTo(hasAdapters(method));
    }

    /// Batches of 16 over 50 samples, the last one ragged, in one piece and in four.
    @ParameterizedTest
    @MethodSource("methods")
    void microBatchesAddUpToTheBatch(DistillationMethod method) {
        if (dependsOnTheCut(method)) {
            return; // relations, memories and dropout masks are those of a micro-batch: documented
        }
        Map<String, float[]> whole = afterAnEpoch(method, 1, new Cohort(students(method.peers())));
        Map<String, float[]> parts = afterAnEpoch(method, 4, new Cohort(students(method.peers())));
        assertClose(parts, whole);
    }

    /// Losses see whole micro-batches however many devices compute, so that relations and memories are those of one
    /// device; only masks of dropout are others. The last share of the ragged step is on fewer devices.
    @ParameterizedTest
    @MethodSource("methods")
    void severalDevicesAreLikeOne(DistillationMethod method) {
        if (method.needs().stream().anyMatch(Need.StudentDropout.class::isInstance)) {
            return;
        }
        Map<String, float[]> one = afterAnEpoch(method, 1, new Cohort(students(method.peers())));
        Map<String, float[]> three = afterAnEpoch(
                method,
                1,
                new Cohort(
                        students(method.peers()),
                        () -> Clusters.mlp(12).create(new Rng(77)),
                        List.of(Device.CPU, Device.CPU, Device.CPU)));
        assertClose(three, one);
    }

    private static void assertClose(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, values) -> {
            float[] other = Clusters.of(actual, name);
            for (int i = 0; i < values.length; i++) {
                assertThat(other[i]).as(name).isCloseTo(values[i], within(2e-5f));
            }
        });
    }

    @Test
    void severalDevicesNeedAFactoryOfStudents() {
        Layer only = students(1).getFirst();
        assertThatThrownBy(() -> new Cohort(List.of(only), () -> only, List.of(Device.CPU, Device.CPU)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a new module for each device");
    }

    private static Map<String, float[]> afterAnEpoch(DistillationMethod method, int parts, Cohort cohort) {
        // Plain gradient descent: Adam would blow rounding up to the size of a step.
        Training training = Clusters.training(1)
                .withBatchSize(16, parts)
                .withOptimizer(
                        new OptimizerChoice.Sgd(dev.retort.nn.optim.SGD.Config.of(.1)), new ScheduleChoice.Constant());
        StageLoop loop = new StageLoop(inputs(method, training, teacher()), cohort);
        int[] samples = new int[4];
        for (int i = 0; i < 4; i++) {
            samples[i] = loop.advance().samples();
        }
        if (method.scope() == Objective.Scope.ALL) {
            assertThat(samples).containsExactly(16, 16, 16, 2);
            assertThat(loop.isFinished()).isTrue();
        }
        return trained(loop);
    }

    /// A term that remembers which teacher row it saw for which sample.
    private static final class Recorder implements LossTerm {
        final Map<Integer, float[]> labels = new LinkedHashMap<>();
        final Map<Integer, float[]> shown = new LinkedHashMap<>();

        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            for (int i = 0; i < step.batch().size(); i++) {
                int index = step.batch().indices()[i];
                labels.put(index, step.teacherLabels().select(0, i).toFloats());
                shown.put(index, step.teacher(TEACHER).select(0, i).toFloats());
            }
            return step.studentLogits().square().sum();
        }
    }

    private static Objective objective(Set<Need> needs, LossTerm... losses) {
        return new Objective() {
            @Override
            public Set<Need> needs() {
                return needs;
            }

            @Override
            public List<Term> terms(Setup setup) {
                List<Term> terms = new ArrayList<>();
                for (int i = 0; i < losses.length; i++) {
                    terms.add(new Term("term" + i, 1, losses[i]));
                }
                return terms;
            }
        };
    }

    @Test
    void teacherAnswersStayWithTheirSamplesUnderShuffling() {
        Recorder recorder = new Recorder();
        Set<Need> needs = Set.of(new Need.TeacherLabels(), new Need.TeacherTap(TEACHER));
        StageLoop loop = new StageLoop(
                inputs(objective(needs, recorder), Clusters.training(2).withBatchSize(16, 2), teacher()),
                new Cohort(students(1)));
        Map<Integer, float[]> first = null;
        while (!loop.isFinished()) {
            loop.advance();
            if (loop.atEpochEnd() && first == null) {
                first = new LinkedHashMap<>(recorder.labels);
            }
        }
        assertThat(recorder.labels).hasSize(50);
        Layer teacher = teacher();
        teacher.eval();
        for (int i = 0; i < 50; i++) {
            Tensor input = (i < 20 ? DATA.labelled.get(i) : DATA.pool.get(i - 20)).input();
            float[] expected = teacher.call(input.unsqueeze(0)).toFloats();
            for (int c = 0; c < expected.length; c++) {
                assertThat(recorder.labels.get(i)[c]).isCloseTo(expected[c], within(1e-4f));
            }
        }
        assertThat(recorder.shown).hasSize(50);
        assertThat(new ArrayList<>(recorder.labels.keySet()))
                .as("the data is shuffled")
                .isNotEqualTo(recorder.labels.keySet().stream().sorted().toList());
        Objects.requireNonNull(first)
                .forEach((index, row) -> assertThat(recorder.labels.get(index)).containsExactly(row));
    }

    @Test
    void mistakesOfAnObjectiveAreNamed() {
        Training training = Clusters.training(1);
        Recorder recorder = new Recorder();
        Objective undeclared = objective(Set.of(), recorder);
        assertThatThrownBy(
                        () -> new StageLoop(inputs(undeclared, training, teacher()), new Cohort(students(1))).advance())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("declares TeacherLabels");
        Objective unread = objective(
                Set.of(new Need.TeacherLabels(), new Need.TeacherTap(TEACHER), new Need.StudentTap(STUDENT)), recorder);
        assertThatThrownBy(() -> new StageLoop(inputs(unread, training, teacher()), new Cohort(students(1))).advance())
                .hasMessageContaining("declares taps that no term reads")
                .hasMessageContaining("relu1:output");
        Objective views = objective(Set.of(new Need.Views(2)), recorder);
        assertThatThrownBy(() -> new StageLoop(inputs(views, training, teacher()), new Cohort(students(1))))
                .hasMessageContaining("2 views, which without augmentation");
        assertThatThrownBy(
                        () -> new StageLoop(inputs(objective(Set.of()), training, teacher()), new Cohort(students(1))))
                .hasMessageContaining("at least one term");
        assertThatThrownBy(() -> new Term("a.b", 1, recorder)).hasMessageContaining("without dots");
        assertThatThrownBy(() -> new Term("a", -1, recorder)).hasMessageContaining("got -1");
    }

    @Test
    void aLossThatIsNotFiniteStopsTheRunAndIsNamed() {
        LossTerm broken = new LossTerm() {
            @Override
            public double count(StepBatch batch) {
                return 1;
            }

            @Override
            public Tensor sum(Step step) {
                return step.studentLogits().sum().mul(Double.NaN);
            }
        };
        StageLoop loop = new StageLoop(
                inputs(objective(Set.of(), broken), Clusters.training(1), teacher()), new Cohort(students(1)));
        assertThatThrownBy(loop::advance)
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("term term0 of stage test is NaN in step 1");
    }

    @Test
    void viewsAreIndependentAndInputsCanHaveGradients() {
        Transform noise = (input, rng) -> input.add(dev.retort.tensor.Random.normal(rng, Clusters.SIZE));
        List<Tensor> gradients = new ArrayList<>();
        LossTerm term = new LossTerm() {
            @Override
            public double count(StepBatch batch) {
                return batch.size();
            }

            @Override
            public Tensor sum(Step step) {
                assertThat(step.batch().views()).hasSize(2);
                assertThat(step.batch().views().get(0).toFloats())
                        .isNotEqualTo(step.batch().views().get(1).toFloats());
                Tensor other = step.student(0, 1, Tap.LOGITS);
                Tensor loss = step.studentLogits().sub(other).square().sum();
                gradients.add(
                        dev.retort.autograd.Autograd.grad(
                                List.of(loss),
                                List.of(step.batch().inputs()),
                                dev.retort.autograd.GradOptions.defaults().withRetainGraph())[0]);
                return loss;
            }
        };
        Training training =
                Clusters.training(1).withTransforms(noise, Transform.IDENTITY).withBatchSize(50, 1);
        Set<Need> needs = Set.of(new Need.Views(2), new Need.InputGradients());
        new StageLoop(inputs(objective(needs, term), training, teacher()), new Cohort(students(1))).advance();
        assertThat(gradients).hasSize(1);
        assertThat(gradients.getFirst().shape().dims()).containsExactly(50, Clusters.SIZE);
        assertThat(gradients.getFirst().abs().sum().item()).isPositive();
    }

    @Test
    void rampsAndWeights() {
        assertThat(Ramp.linear(4).at(1)).isEqualTo(.25);
        assertThat(Ramp.linear(4).at(9)).isEqualTo(1);
        assertThat(Ramp.sigmoid(10).at(10)).isEqualTo(1);
        assertThat(Ramp.sigmoid(10).at(5)).isCloseTo(Math.exp(-1.25), within(1e-12));
        assertThat(Ramp.until(3).at(3)).isEqualTo(1);
        assertThat(Ramp.until(3).at(4)).isZero();
        assertThatThrownBy(() -> Ramp.linear(0)).hasMessageContaining("positive length");
        Term term = new Term("a", 2, Ramp.linear(4), new Recorder());
        assertThat(term.weight(2)).isEqualTo(1);
    }

    @Test
    void termsAreLoggedAsMeansOverTheEpoch() {
        Objective kd = new HintonKd(2, .5, .25);
        StageLoop loop = new StageLoop(
                inputs(kd, Clusters.training(1).withBatchSize(16, 2), teacher()), new Cohort(students(1)));
        double weighted = 0;
        while (!loop.isFinished()) {
            StageLoop.Taken taken = loop.advance();
            weighted += taken.loss() * taken.samples() / 50;
        }
        EpochReport report = loop.closeEpoch(Double.NaN);
        assertThat(report.terms()).containsOnlyKeys("label", "kd");
        assertThat(report.loss()).isCloseTo(weighted, within(1e-5));
        assertThat(report.isEvaluated()).isFalse();
        assertThat(Arrays.asList(report.epoch(), (int) report.step())).containsExactly(1, 4);
    }
}
