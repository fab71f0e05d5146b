package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.Dafl;
import dev.retort.distill.method.DeepInversion;
import dev.retort.distill.method.Dfad;
import dev.retort.distill.method.Dfq;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.Synthesis;
import dev.retort.distill.method.Zskt;
import dev.retort.distill.teacher.CachedTeacher;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Transform;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DataFreeTest {
    private static final Clusters DATA = new Clusters(2, 1500, 1, 200, 1000);
    private static final DeepInversion.Making MAKING = new DeepInversion.Making(128, 60, .1, -4, 4, 1, 1, 1, 0);

    private static NetworkFactory normalised(int width) {
        return rng -> new Sequential(
                new Linear(Clusters.SIZE, width, rng),
                new BatchNorm(width),
                new ReLU(),
                new Linear(width, Clusters.CLASSES, rng));
    }

    private static @Nullable Layer trained;

    /// A copy of one trained network.
    private static Layer teacher() throws IOException {
        Layer first = trained;
        if (first == null) {
            first = Distillation.withoutTeacher(normalised(64))
                    .labelled(DATA.labelled)
                    .method(new LabelsOnly())
                    .training(Clusters.training(10))
                    .fit()
                    .student();
            trained = first;
        }
        Layer copy = normalised(64).create(new Rng(0));
        copy.loadStateDict(first.stateDict());
        copy.eval();
        return copy;
    }

    private static Distillation run(Layer teacher, int epochs) {
        return Distillation.with(teacher, normalised(64))
                .validation(DATA.validation)
                .method(new DeepInversion(Shape.of(Clusters.SIZE), 500, MAKING))
                .training(Clusters.training(epochs).withEvery(0, 3));
    }

    @Test
    void aStudentLearnsWithoutAnyData() throws IOException {
        Layer teacher = teacher();
        Map<String, float[]> before = Clusters.snapshot(teacher);
        double untrained = Predictions.of(normalised(64).create(new Rng(1)), DATA.test, Transform.IDENTITY)
                .accuracy();
        double learned = run(teacher, 12).fit().predict(DATA.test).accuracy();
        double taught = Predictions.of(teacher, DATA.test, Transform.IDENTITY).accuracy();
        assertThat(taught).isGreaterThan(.8);
        assertThat(untrained).isLessThan(.3);
        assertThat(learned).isGreaterThan(.6);
        Clusters.snapshot(teacher)
                .forEach((name, values) -> assertThat(values).as(name).containsExactly(Clusters.of(before, name)));
        assertThat(teacher.parameters()).as("no gradient reached the teacher").allMatch(p -> p.grad() == null);
    }

    @Test
    void madeSamplesMatchTheStatisticsThatTheTeacherRemembers() throws IOException {
        Layer teacher = teacher();
        Layer student = normalised(8).create(new Rng(1));
        SampleSource source = new DeepInversion(Shape.of(Clusters.SIZE), 128, MAKING).source(teacher, new Rng(1));
        Tensor pool = Objects.requireNonNull(source.state().stateDict().get("inputs"));
        double noise = mismatch(teacher, pool);
        source.refresh(1, student);
        assertThat(mismatch(teacher, pool)).isLessThan(noise / 3);
        assertThat(pool.amax().item()).isLessThanOrEqualTo(4);
        Tensor logits = Predictions.logits(teacher, source.data(), Transform.IDENTITY);
        int hits = 0;
        long[] said = logits.argmax(1).toLongs();
        for (int i = 0; i < said.length; i++) {
            hits += said[i] == i % Clusters.CLASSES ? 1 : 0;
        }
        assertThat(hits).as("the teacher sees the class that was asked for").isGreaterThan(110);
        float[] first = pool.toFloats();
        source.refresh(2, student);
        float[] second = pool.toFloats();
        assertThat(java.util.Arrays.equals(first, 0, 32 * 16, second, 0, 32 * 16))
                .isFalse();
        assertThat(java.util.Arrays.equals(first, 32 * 16, first.length, second, 32 * 16, second.length))
                .as("only the oldest quarter is replaced")
                .isTrue();
    }

    private static double mismatch(Layer teacher, Tensor inputs) {
        Tensor seen = ((Linear) teacher.module("0")).call(inputs).detach();
        BatchNorm norm = (BatchNorm) teacher.module("1");
        return seen.mean(false, 0).sub(norm.runningMean()).norm().item()
                + seen.var(0, false, 0).sub(norm.runningVar()).norm().item();
    }

    static Stream<DistillationMethod> methods() {
        Synthesis made = Synthesis.of(Shape.of(Clusters.SIZE), 500, -4, 4)
                .withGenerator(16, 32)
                .withTurns(64, 1, 3);
        return Stream.of(
                new DeepInversion(Shape.of(Clusters.SIZE), 500, MAKING),
                new Dafl(made, Tap.input("3")),
                new Zskt(made, List.of()),
                new Dfad(made),
                new Dfq(made));
    }

    private static Distillation run(Layer teacher, DistillationMethod method, int epochs) {
        return Distillation.with(teacher, normalised(64))
                .method(method)
                .training(Clusters.training(epochs).withEvery(0, 3));
    }

    /// Samples are as networks see them: a run's preparation would change them.
    @Test
    void preparationsAreNotForSamplesThatAreMade() throws IOException {
        Layer teacher = teacher();
        Transform scaled = new Transform() {
            @Override
            public Tensor apply(Tensor input, Rng rng) {
                throw new AssertionError("prepared");
            }

            @Override
            public String text() {
                return "scaled";
            }
        };
        Training training = Clusters.training(1).withTransforms(scaled, scaled);
        assertThat(run(teacher, new DeepInversion(Shape.of(Clusters.SIZE), 64, MAKING.withWork(64, 2)), 1)
                        .training(training)
                        .fit()
                        .reports())
                .hasSize(1);
        assertThatThrownBy(() -> run(teacher, new DeepInversion(Shape.of(Clusters.SIZE), 64, MAKING), 1)
                        .training(Clusters.training(1).withTransforms(Transform.IDENTITY, scaled))
                        .fit())
                .hasMessageContaining("expected an augmentation without preparation");
    }

    /// A student that has seen nothing but what a generator makes.
    @ParameterizedTest
    @MethodSource("methods")
    void studentsLearnFromGenerators(DistillationMethod method) throws IOException {
        if (method instanceof DeepInversion) {
            return; // has a test of its own
        }
        Layer teacher = teacher();
        Distilled result = run(teacher, method, 20).fit();
        assertThat(result.predict(DATA.test).accuracy()).as(method.name()).isGreaterThan(.5);
        assertThat(teacher.parameters()).allMatch(p -> p.grad() == null);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void stoppedAndResumedIsTheSameAsUninterrupted(DistillationMethod method, @TempDir Path folder) throws IOException {
        Layer teacher = teacher();
        Distilled straight = run(teacher, method, 2).fit();
        TrainingListener stop = new TrainingListener() {
            private long at;

            @Override
            public void step(long step, int samples, double loss) {
                at = step;
            }

            @Override
            public boolean stopRequested() {
                return at == 5;
            }
        };
        assertThatThrownBy(() ->
                        run(teacher, method, 2).folder(folder).listener(stop).fit())
                .isInstanceOf(TrainingStopped.class);
        Distilled resumed = run(teacher, method, 2).folder(folder).fit();
        Map<String, float[]> expected = Clusters.snapshot(straight.student());
        Clusters.snapshot(resumed.student())
                .forEach((name, values) -> assertThat(values).as(name).containsExactly(Clusters.of(expected, name)));
    }

    @Test
    void imagesAreMadeToo() {
        NetworkFactory cnn = rng -> new SmallCnn(SmallCnn.Config.of(1, 4, 4, 6), rng);
        Layer teacher = cnn.create(new Rng(1));
        SampleSource source = new DeepInversion(
                        Shape.of(1, 8, 8), 8, DeepInversion.Making.of(0, 1).withWork(4, 3))
                .source(teacher, new Rng(2));
        Tensor pool = Objects.requireNonNull(source.state().stateDict().get("inputs"));
        float[] before = pool.toFloats();
        source.refresh(1, cnn.create(new Rng(3)));
        assertThat(pool.toFloats()).isNotEqualTo(before);
        assertThat(pool.amin().item()).isGreaterThanOrEqualTo(0);
        assertThat(source.data().get(7).input().shape().dims()).containsExactly(1, 8, 8);
    }

    @Test
    void whatCannotWorkIsRefused() throws IOException {
        Layer plain = Clusters.mlp(8).create(new Rng(1));
        assertThatThrownBy(() -> run(plain, 1).fit()).hasMessageContaining("a teacher with batch normalisation");
        CachedTeacher cached = CachedTeacher.inMemory(new LiveTeacher(teacher()));
        DeepInversion method = new DeepInversion(Shape.of(Clusters.SIZE), 20, MAKING);
        assertThatThrownBy(() ->
                        Distillation.with(cached, normalised(4)).method(method).fit())
                .hasMessageContaining("expected a live teacher, got CachedTeacher");
        Layer teacher = teacher();
        assertThatThrownBy(() -> Distillation.with(teacher, normalised(4))
                        .method(new Labelled(method))
                        .fit())
                .hasMessageContaining("declares TeacherLabels, but samples that change");
        assertThatThrownBy(() -> DeepInversion.Making.of(1, 0)).hasMessageContaining("low < high");
        assertThatThrownBy(() -> new DeepInversion(Shape.of(3), 4, 5, MAKING, new HintonKd()))
                .hasMessageContaining("got 4 and 5");
    }

    /// A data-free objective that wants what it cannot have.
    private record Labelled(DeepInversion of) implements DistillationMethod, DataFree {
        @Override
        public String name() {
            return "wrong";
        }

        @Override
        public Set<Need> needs() {
            return Set.of(new Need.TeacherLabels());
        }

        @Override
        public List<Term> terms(Setup setup) {
            return of.terms(setup);
        }

        @Override
        public SampleSource source(Layer teacher, Rng rng) {
            return of.source(teacher, rng);
        }
    }
}
