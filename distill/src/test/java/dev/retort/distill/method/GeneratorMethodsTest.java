package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Step;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Layer;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Losses of generators against plain loops, and how generator and student take turns.
class GeneratorMethodsTest {
    private static final Tap POOLED = Tap.input("linear");
    private static final Synthesis SMALL = Synthesis.of(Shape.of(1, 7, 6), 12, -1, 2)
            .withGenerator(5, 4)
            .withTurns(6, 2, 3)
            .withLr(.01);

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static SmallCnn cnn(long seed) {
        return new SmallCnn(SmallCnn.Config.of(1, 3, 4, 6), new Rng(seed));
    }

    private static double[] softmax(double[] z, int row, int classes) {
        double[] p = new double[classes];
        double sum = 0;
        for (int k = 0; k < classes; k++) {
            p[k] = Math.exp(z[row * classes + k]);
            sum += p[k];
        }
        for (int k = 0; k < classes; k++) {
            p[k] /= sum;
        }
        return p;
    }

    @Test
    void daflByPlainLoops() {
        Tensor logits = normal(1, 4, 3);
        Tensor features = normal(2, 4, 5);
        double[] z = logits.toDoubles();
        double oneHot = 0;
        double[] mean = new double[3];
        for (int i = 0; i < 4; i++) {
            double[] p = softmax(z, i, 3);
            oneHot -= Math.log(Math.max(p[0], Math.max(p[1], p[2]))) / 4;
            for (int k = 0; k < 3; k++) {
                mean[k] += p[k] / 4;
            }
        }
        double balance = 0;
        for (double p : mean) {
            balance += p * Math.log(p);
        }
        double activation = 0;
        for (double f : features.toDoubles()) {
            activation -= Math.abs(f) / 20;
        }
        Dafl dafl = new Dafl(SMALL, POOLED, 2, 3, 5, new HintonKd(1, 0, 1));
        assertThat(dafl.generatorLoss(logits, features).item())
                .isCloseTo(2 * oneHot + 3 * activation + 5 * balance, within(1e-12));
        assertThat(GeneratorLoss.balance(Tensor.zeros(DType.F64, 2, 4)).item()).isCloseTo(-Math.log(4), within(1e-12));
        GradCheck.defaults()
                .firstOrder("dafl", in -> new Tensor[] {dafl.generatorLoss(in[0], in[1])}, logits, features)
                .verify();
    }

    @Test
    void dfadByHandAndByDifferences() {
        Tensor student = Tensor.of(new double[] {1, 2, 3, 0, 0, 0}, 2, 3);
        Tensor teacher = Tensor.of(new double[] {2, 0, 3, 1, -1, 4}, 2, 3);
        assertThat(Dfad.difference(student, teacher).toDoubles()).containsExactly(1, 2);
        Step step = Steps.of(Steps.batch(-1, -1), student, teacher);
        var term = new Dfad(SMALL).terms(FeatureSetup.of(POOLED, Shape.of(2), Shape.of(2)));
        assertThat(term.getFirst().loss().sum(step).item()).isEqualTo(3);
        assertThat(term.getFirst().loss().count(step.batch())).isEqualTo(2);
        Tensor fixed = normal(3, 2, 3);
        GradCheck.defaults()
                .firstOrder("dfad", in -> new Tensor[] {Dfad.difference(in[0], fixed)}, normal(4, 2, 3))
                .verify();
    }

    /// The generator is moved by a gradient that passes through both networks.
    @Test
    void disagreementByPlainLoopsAndDifferences() {
        Tensor student = normal(5, 3, 4);
        Tensor teacher = normal(6, 3, 4);
        double expected = 0;
        for (int i = 0; i < 3; i++) {
            double[] p = softmax(teacher.toDoubles(), i, 4);
            double[] q = softmax(student.toDoubles(), i, 4);
            for (int k = 0; k < 4; k++) {
                expected -= p[k] * Math.log(p[k] / q[k]) / 3;
            }
        }
        assertThat(GeneratorLoss.disagreement(student, teacher).item()).isCloseTo(expected, within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "disagreement", in -> new Tensor[] {GeneratorLoss.disagreement(in[0], in[1])}, student, teacher)
                .verify();
    }

    @Test
    void statisticsAreThoseOfTheChannels() {
        Layer teacher = cnn(1);
        Tensor x = Random.normal(new Rng(2), 5, 1, 8, 8);
        BatchStatistics statistics = BatchStatistics.of("test", teacher);
        Map<Tap, Tensor> seen = Features.evaluated(teacher, x, statistics.taps());
        assertThat(seen).hasSize(2);
        double expected = 0;
        for (Tensor received : seen.values()) { // the running statistics of a new network are 0 and 1
            int channels = received.size(1);
            float[] all = received.contiguous().toFloats();
            int plane = received.size(2) * received.size(3);
            double byMean = 0;
            double byVar = 0;
            for (int c = 0; c < channels; c++) {
                double sum = 0;
                double squares = 0;
                for (int n = 0; n < 5; n++) {
                    for (int i = 0; i < plane; i++) {
                        double value = all[(n * channels + c) * plane + i];
                        sum += value;
                        squares += value * value;
                    }
                }
                double mean = sum / (5 * plane);
                byMean += mean * mean;
                byVar += Math.pow(squares / (5 * plane) - mean * mean - 1, 2);
            }
            expected += Math.sqrt(byMean) + Math.sqrt(byVar);
        }
        assertThat(statistics.mismatch(seen).item()).isCloseTo(expected, within(1e-4));
    }

    static Stream<dev.retort.distill.DataFree> methods() {
        TapPair pair = new TapPair(Tap.output("body.stage1"), Tap.output("body.stage1"));
        return Stream.of(
                new Dafl(SMALL, POOLED),
                new Zskt(SMALL, List.of(pair), 250, AttentionTransfer.Distance.SQUARED),
                new Dfad(SMALL),
                new Dfq(SMALL));
    }

    /// Two steps of the generator, three of the student.
    @ParameterizedTest
    @MethodSource("methods")
    void generatorAndStudentTakeTurns(dev.retort.distill.DataFree method) {
        SampleSource source = method.source(cnn(1), new Rng(3));
        Layer student = cnn(2);
        float[] start = weights(source);
        source.refresh(1, student);
        float[] first = forStep(source, 0, 5, student);
        float[] turned = weights(source);
        assertThat(turned).isNotEqualTo(start);
        assertThat(source.state()
                        .stateDict()
                        .get("optimizer.project.weight.step")
                        .item())
                .isEqualTo(2);
        float[] second = forStep(source, 1, 5, student);
        if (method instanceof Zskt) {
            assertThat(second).isEqualTo(first);
        } else {
            assertThat(second).isNotEqualTo(first);
        }
        forStep(source, 2, 1, student);
        assertThat(weights(source)).isEqualTo(turned);
        Tensor ragged = source.forStep(3, 1, student);
        assertThat(ragged.shape().dims()).containsExactly(1, 1, 7, 6);
        assertThat(ragged.requiresGrad()).isFalse();
        assertThat(weights(source)).isNotEqualTo(turned);
        for (float value : first) {
            assertThat(value).isBetween(-1f, 2f);
        }
        assertThat(student.parameters()).allMatch(parameter -> parameter.grad() == null);
        assertThat(student.isTraining()).isTrue();
    }

    /// What the generator minimises falls while the networks stay as they are.
    @ParameterizedTest
    @MethodSource("methods")
    void theGeneratorLearns(dev.retort.distill.DataFree method) {
        Layer teacher = cnn(1);
        Layer student = cnn(2);
        SampleSource source = method.source(teacher, new Rng(3));
        double before = loss(method, teacher, student, source.forStep(1, 200, student));
        for (int round = 0; round < 20; round++) {
            source.forStep(3L * round, 2, student);
        }
        assertThat(loss(method, teacher, student, source.forStep(1, 200, student)))
                .isLessThan(before);
    }

    private static double loss(dev.retort.distill.DataFree method, Layer teacher, Layer student, Tensor x) {
        BatchStatistics statistics = BatchStatistics.of("test", teacher);
        Set<Tap> taps = new java.util.LinkedHashSet<>(statistics.taps());
        taps.addAll(Set.of(Tap.LOGITS, POOLED));
        Map<Tap, Tensor> seen = Features.quietly(teacher, x, taps);
        Tensor logits = GeneratorLoss.require(seen, Tap.LOGITS);
        Tensor said = GeneratorLoss.require(Features.quietly(student, x, Set.of(Tap.LOGITS)), Tap.LOGITS);
        Tensor loss = switch (method) {
            case Dafl dafl -> dafl.generatorLoss(logits, GeneratorLoss.require(seen, POOLED));
            case Dfad _ -> Dfad.difference(said, logits).mean().neg();
            case Zskt _ -> GeneratorLoss.disagreement(said, logits);
            default ->
                statistics
                        .mismatch(seen)
                        .add(GeneratorLoss.oneHot(logits))
                        .add(GeneratorLoss.balance(logits).mul(20.0))
                        .add(GeneratorLoss.disagreement(said, logits));
        };
        return loss.item();
    }

    private static float[] forStep(SampleSource source, long step, int size, Layer student) {
        return source.forStep(step, size, student).contiguous().toFloats();
    }

    private static float[] weights(SampleSource source) {
        return source.state().stateDict().get("generator.project.weight").toFloats();
    }

    @Test
    void stateOfAnotherGeneratorIsRefused() {
        SampleSource source = new Dfad(SMALL).source(cnn(1), new Rng(3));
        SampleSource other = new Dfad(SMALL.withGenerator(5, 3)).source(cnn(1), new Rng(3));
        assertThatThrownBy(() -> source.state().loadStateDict(other.state().stateDict()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> source.state().loadStateDict(Map.of("other.weight", Tensor.zeros(1))))
                .hasMessageContaining("begin with one of [generator, optimizer], got other.weight");
    }

    @Test
    void vectorsAreMadeToo() {
        Synthesis vectors = Synthesis.of(Shape.of(9), 4, 0, 1).withGenerator(3, 2);
        Tensor made = vectors.generator(new Rng(1)).call(vectors.noise(5, new Rng(2)));
        assertThat(made.shape().dims()).containsExactly(5, 9);
        assertThatThrownBy(() -> Synthesis.of(Shape.of(3, 4), 4, 0, 1))
                .hasMessageContaining("images [C, H, W] or vectors [D]");
    }

    @Test
    void refusals() {
        Shape image = Shape.of(1, 8, 8);
        assertThatThrownBy(() -> Synthesis.of(image, 1, 0, 1)).hasMessageContaining("at least 2 samples an epoch");
        assertThatThrownBy(() -> Synthesis.of(image, 8, 1, 1)).hasMessageContaining("low < high");
        assertThatThrownBy(() -> SMALL.withLr(0)).hasMessageContaining("positive learning rate");
        assertThatThrownBy(() -> SMALL.withTurns(4, 0, 1)).hasMessageContaining("steps of at least 1");
        assertThatThrownBy(() -> SMALL.withTurns(1, 1, 1)).hasMessageContaining("got 12 and 1");
        assertThatThrownBy(() -> SMALL.withGenerator(0, 1)).hasMessageContaining("latent size, width");
        assertThatThrownBy(() -> new Dafl(SMALL, POOLED, -1, 0, 0, new HintonKd(1, 0, 1)))
                .hasMessageContaining("dafl");
        assertThatThrownBy(() -> new Zskt(SMALL, List.of(), -1, AttentionTransfer.Distance.SQUARED))
                .hasMessageContaining("zskt");
        assertThatThrownBy(() -> new Dfq(SMALL, 1, 1, 1, Double.NaN, new HintonKd(1, 0, 1)))
                .hasMessageContaining("dfq");
        assertThatThrownBy(() -> new Dfq(SMALL).source(new dev.retort.nn.layer.Linear(2, 2, new Rng(1)), new Rng(1)))
                .hasMessageContaining("dfq: expected a teacher with batch normalisation");
        assertThat(new Zskt(SMALL, List.of()).synthesis().every()).isEqualTo(10);
    }
}
