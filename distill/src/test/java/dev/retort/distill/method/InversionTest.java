package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.DataFree;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Training;
import dev.retort.distill.TrainingListener;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Samples made out of a teacher by generators that are optimised for them.
class InversionTest {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final Cmi.Making CONTRASTED =
            new Cmi.Making(6, 12, .02, -1, 2, 5, 4, new Inversion(1, 1, .5), .8, .2, 7);
    private static final FastDfkd.Making FAST =
            new FastDfkd.Making(6, 3, .02, .05, -1, 2, 5, 4, new Inversion(1, 1, .5), 1, FastDfkd.Outer.FIRST_ORDER);

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static Layer cnn(long seed) {
        return new SmallCnn(SmallCnn.Config.of(2, 3, 4, 6), new Rng(seed));
    }

    /// Rows 0 and 2 agree on the class.
    @Test
    void theInversionByHandAndByDifferences() {
        Tensor teacher = Tensor.of(new double[] {3, 1, 0, 0, 2, 1, 1, 0, 5}, 3, 3);
        Tensor student = Tensor.of(new double[] {1, 0, 0, 2, 0, 0, 0, 1, 2}, 3, 3);
        Tensor classes = Inversion.classesInTurn(3, 3);
        assertThat(classes.toLongs()).containsExactly(0, 1, 2);
        double[] kl = HintonKd.divergence(student, teacher, 1).toDoubles();
        double[] ce = LabelLoss.crossEntropy(teacher, classes, 0).toDoubles();
        double label = (ce[0] + ce[1] + ce[2]) / 3;
        Inversion inversion = new Inversion(2, 3, 5);
        Tensor mismatch = Tensor.scalar(DType.F64, 7);
        assertThat(inversion.loss(mismatch, teacher, classes, student).item())
                .isCloseTo(2 * label + 21 - 5 * (kl[0] + kl[2]) / 3, within(1e-12));
        assertThat(inversion.loss(mismatch, teacher, classes, null).item()).isCloseTo(2 * label + 21, within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "inversion",
                        in -> new Tensor[] {inversion.loss(mismatch, in[0], classes, in[1])},
                        teacher,
                        student)
                .verify();
    }

    @Test
    void theContrastByPlainLoopsAndDifferences() {
        Tensor local = normal(1, 4, 3).normalize(1);
        Tensor global = normal(2, 4, 3).normalize(1);
        double[] l = local.toDoubles();
        double[] g = global.toDoubles();
        double[] each = new double[4];
        for (int i = 0; i < 4; i++) {
            double sum = 0;
            double own = 0;
            for (int j = 0; j < 4; j++) {
                double dot = 0;
                for (int d = 0; d < 3; d++) {
                    dot += l[i * 3 + d] * g[j * 3 + d];
                }
                sum += Math.exp(dot / .2);
                own = j == i ? dot / .2 : own;
            }
            each[i] = Math.log(sum) - own;
        }
        assertThat(ContrastedSamples.contrast(local, global, 3, .2).item())
                .isCloseTo((each[0] + each[1] + each[2]) / 3 + each[3], within(1e-12));
        assertThat(ContrastedSamples.contrast(local, global, 4, .2).item())
                .isCloseTo((each[0] + each[1] + each[2] + each[3]) / 4, within(1e-12));
        GradCheck.defaults()
                .firstOrder("contrast", in -> new Tensor[] {ContrastedSamples.contrast(in[0], global, 2, .2)}, local)
                .verify();
    }

    @Test
    void viewsAreParts() {
        Tensor images = Tensor.arange(12).to(DType.F64).reshape(1, 1, 3, 4);
        RandomViews.Box whole = new RandomViews.Box(0, 0, 3, 4);
        assertThat(view(images, whole, false)).containsExactly(images.toDoubles());
        assertThat(view(images, whole, true)).startsWith(3, 2, 1, 0, 7);
        assertThat(view(images, new RandomViews.Box(1, -1, 3, 4), false))
                .as("what lies outside repeats the edge")
                .containsExactly(4, 4, 5, 6, 8, 8, 9, 10, 8, 8, 9, 10);
        double[] half = view(images, new RandomViews.Box(0, 0, 1.5, 4), false);
        assertThat(half[0]).isZero();
        assertThat(half[4]).as("a quarter of the way from row 0 to row 1").isCloseTo(1, within(1e-12));
        assertThat(half[8]).isCloseTo(3, within(1e-12));
    }

    private static double[] view(Tensor images, RandomViews.Box box, boolean mirrored) {
        return RandomViews.sampled(images, new RandomViews.Box[] {box}, new boolean[] {mirrored})
                .toDoubles();
    }

    @Test
    void viewsOfEachImageAreItsOwnAndPassGradients() {
        Tensor images = Tensor.arange(64).to(DType.F64).reshape(1, 1, 8, 8).expand(6, 1, 8, 8);
        Tensor shifted = RandomViews.shifted(images.contiguous(), 4, new Rng(1));
        Tensor zoomed = RandomViews.zoomed(images.contiguous(), .25, new Rng(1));
        assertThat(shifted.select(0, 0).toDoubles())
                .isNotEqualTo(shifted.select(0, 1).toDoubles());
        assertThat(zoomed.select(0, 0).toDoubles())
                .isNotEqualTo(zoomed.select(0, 1).toDoubles());
        double range = zoomed.amax().item() - zoomed.amin().item();
        assertThat(range).isBetween(20.0, 63.0);
        GradCheck.defaults()
                .firstOrder(
                        "views",
                        in -> new Tensor[] {
                            RandomViews.zoomed(in[0], .25, new Rng(2)), RandomViews.shifted(in[0], 2, new Rng(3))
                        },
                        normal(4, 2, 2, 3, 4))
                .verify();
        Tensor rows = normal(5, 3, 4);
        assertThat(RandomViews.zoomed(rows, .25, new Rng(1))).isSameAs(rows);
    }

    @Test
    void featuresAreMeansOverThePlane() {
        Layer teacher = cnn(1);
        BatchStatistics statistics = BatchStatistics.of("test", teacher);
        assertThat(statistics.channels()).isEqualTo(10);
        Tensor x = Random.normal(new Rng(2), 3, 2, 8, 8);
        Map<Tap, Tensor> seen = Features.quietly(teacher, x, statistics.taps());
        Tensor means = statistics.planeMeans(seen);
        assertThat(means.shape().dims()).containsExactly(3, 10);
        Tensor first = seen.get(statistics.taps().iterator().next());
        assertThat(means.narrow(1, 0, 4).contiguous().toFloats())
                .containsExactly(
                        Objects.requireNonNull(first).flatten(2).mean(false, 2).toFloats());
    }

    static Stream<DataFree> methods() {
        return Stream.of(new Cmi(IMAGE, 15, CONTRASTED), new FastDfkd(IMAGE, 15, FAST));
    }

    /// 15 images in batches of 6, 6 and 3; three of them are new before the second epoch.
    @ParameterizedTest
    @MethodSource("methods")
    void imagesComeCloserToTheStatistics(DataFree method) {
        Layer teacher = cnn(1);
        Layer student = cnn(2);
        SampleSource source = method.source(teacher, new Rng(3));
        source.refresh(1, student);
        float[] first = pool(source).toFloats();
        BatchStatistics statistics = BatchStatistics.of("test", teacher);
        Tensor noise = Random.uniform(new Rng(4), -1, 2, DType.F32, 15, 2, 8, 8);
        assertThat(mismatch(statistics, teacher, pool(source))).isLessThan(mismatch(statistics, teacher, noise));
        for (float value : first) {
            assertThat(value).isBetween(-1f, 2f);
        }
        source.refresh(2, student);
        float[] second = pool(source).toFloats();
        int image = 128;
        assertThat(java.util.Arrays.equals(first, 0, 3 * image, second, 0, 3 * image))
                .isFalse();
        assertThat(java.util.Arrays.equals(first, 3 * image, 15 * image, second, 3 * image, 15 * image))
                .isTrue();
        assertThat(student.parameters()).allMatch(parameter -> parameter.grad() == null);
        assertThat(source.data().get(14).input().shape()).isEqualTo(IMAGE);
    }

    private static Tensor pool(SampleSource source) {
        return Objects.requireNonNull(source.state().stateDict().get("pool.inputs"));
    }

    private static double mismatch(BatchStatistics statistics, Layer teacher, Tensor images) {
        return statistics
                .mismatch(Features.quietly(teacher, images, statistics.taps()))
                .item();
    }

    /// The cache has the features of what was made, and the head has learnt.
    @Test
    void whatWasMadeIsRemembered() {
        SampleSource source = new Cmi(IMAGE, 15, CONTRASTED).source(cnn(1), new Rng(3));
        float[] head = Objects.requireNonNull(source.state().stateDict().get("head.0.weight"))
                .toFloats();
        source.refresh(1, cnn(2));
        Tensor cache = Objects.requireNonNull(source.state().stateDict().get("cache.features"));
        assertThat(cache.shape().dims()).containsExactly(15, 20);
        for (int i = 0; i < 15; i++) {
            assertThat(cache.select(0, i).abs().sum().item()).as("image %d", i).isPositive();
        }
        assertThat(Objects.requireNonNull(source.state().stateDict().get("head.0.weight"))
                        .toFloats())
                .isNotEqualTo(head);
    }

    /// With Reptile the start moves towards where the inner steps went: all batches begin at a better place.
    @ParameterizedTest
    @EnumSource
    void theStartOfTheGeneratorLearns(FastDfkd.Outer outer) {
        FastDfkd.Making making = new FastDfkd.Making(8, 2, .03, .01, -1, 2, 5, 4, new Inversion(0, 1, 0), 0, outer);
        Layer teacher = cnn(1);
        SampleSource source = new FastDfkd(IMAGE, 120, making).source(teacher, new Rng(3));
        source.refresh(1, cnn(2));
        BatchStatistics statistics = BatchStatistics.of("test", teacher);
        Tensor pool = pool(source);
        double early = mismatch(statistics, teacher, pool.narrow(0, 0, 8));
        double late = mismatch(statistics, teacher, pool.narrow(0, 112, 8));
        assertThat(late).isLessThan(.97 * early);
    }

    private static Distillation run(DistillationMethod method) {
        return Distillation.with(cnn(1), rng -> new SmallCnn(SmallCnn.Config.of(2, 3, 3, 4), rng))
                .method(method)
                .training(Training.defaults().withEpochs(4).withBatchSize(8, 1).withEvery(0, 1));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theStudentsLossFallsAndRunsGoOnAfterAStop(DataFree method, @TempDir Path folder) throws IOException {
        DistillationMethod own = (DistillationMethod) method;
        Distilled straight = run(own).fit();
        double first = straight.reports().getFirst().terms().getOrDefault("kd", Double.NaN);
        assertThat(straight.reports().getLast().terms().getOrDefault("kd", Double.NaN))
                .isLessThan(first);
        TrainingListener stop = new TrainingListener() {
            private long at;

            @Override
            public void step(long step, int samples, double loss) {
                at = step;
            }

            @Override
            public boolean stopRequested() {
                return at == 3;
            }
        };
        assertThatThrownBy(() -> run(own).folder(folder).listener(stop).fit()).isInstanceOf(TrainingStopped.class);
        Distilled resumed = run(own).folder(folder).fit();
        straight.student()
                .stateDict()
                .forEach((name, tensor) -> assertThat(Objects.requireNonNull(
                                        resumed.student().stateDict().get(name))
                                .toFloats())
                        .as(name)
                        .isEqualTo(tensor.toFloats()));
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new Cmi(Shape.of(4), 8, CONTRASTED)).hasMessageContaining("images [C, H, W]");
        assertThatThrownBy(() -> new Cmi(IMAGE, 8, 9, CONTRASTED, new HintonKd()))
                .hasMessageContaining("got 8 and 9");
        assertThatThrownBy(() -> Cmi.Making.of(0, 1).withWork(1, 5)).hasMessageContaining("batch of at least 2");
        assertThatThrownBy(() -> Cmi.Making.of(1, 1)).hasMessageContaining("low < high");
        assertThatThrownBy(() -> new Cmi(IMAGE, 8, CONTRASTED)
                        .source(new dev.retort.nn.layer.Linear(2, 2, new Rng(1)), new Rng(1)))
                .hasMessageContaining("cmi: expected a teacher with batch normalisation");
        assertThatThrownBy(() -> new FastDfkd(Shape.of(4, 4), 8, FAST)).hasMessageContaining("vectors [D]");
        assertThatThrownBy(() -> FastDfkd.Making.of(2, 1)).hasMessageContaining("low < high");
        assertThatThrownBy(() -> new FastDfkd(IMAGE, 1, FAST)).hasMessageContaining("at least 2 samples");
        assertThatThrownBy(() -> new Inversion(1, -1, 1)).hasMessageContaining("inversion");
    }
}
