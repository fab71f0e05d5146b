package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochReport;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.transformer.Bert;
import dev.retort.nn.transformer.BertClassifier;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Small distillations by methods on features, from beginning to end: their losses fall.
class FeatureMethodsRunTest {
    private static final int CLASSES = 3;
    private static final Tensor LABELS = Tensor.arange(32).remainder(Tensor.scalar(DType.I64, CLASSES));
    private static final Dataset IMAGES = new TensorDataset(Random.uniform(new Rng(2), 32, 1, 8, 8), LABELS);
    private static final Dataset TEXTS = new TensorDataset(texts(), LABELS);
    private static final Tap FIRST = Tap.output("body.stage1");
    private static final Tap SECOND = Tap.output("body.stage2");
    private static final Tap POOLED = Tap.input("linear");
    private static final TapPair BEFORE_RELU =
            new TapPair(Tap.input("body.stage2.relu"), Tap.input("body.stage2.relu"));

    /// 32 texts of 6 tokens, of which some end with padding.
    private static Tensor texts() {
        Rng rng = new Rng(4);
        long[] ids = new long[32 * 6];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i % 6 > 3 && i % 5 == 0 || i % 6 == 5 && i % 4 == 0 ? 0 : 1 + rng.nextInt(19);
        }
        return Tensor.wrap(DType.I64, ids, 32, 6);
    }

    private static TapPair same(Tap tap) {
        return new TapPair(tap, tap);
    }

    private static SmallCnn cnn(int first, int second, Rng rng) {
        return new SmallCnn(SmallCnn.Config.of(1, CLASSES, first, second), rng);
    }

    private static final SmallCnn TEACHER = cnn(6, 8, new Rng(1));

    static Stream<Arguments> onImages() {
        List<TapPair> maps = List.of(same(FIRST), same(SECOND));
        BatchNorm norm = (BatchNorm) TEACHER.module("body.stage2.bn");
        return Stream.of(
                Arguments.of(new AttentionTransfer(maps), "attention"),
                Arguments.of(new SimilarityPreservation(maps), "similarity"),
                Arguments.of(new Pkt(POOLED, POOLED), "likeness"),
                Arguments.of(new CorrelationCongruence(POOLED, POOLED), "correlation"),
                Arguments.of(new NeuronSelectivity(maps), "selectivity"),
                Arguments.of(
                        new ActivationBoundaries(
                                List.of(BEFORE_RELU), 1, .01, FitNet.Order.JOINT, HintonKd.labelsOnly()),
                        "boundaries"),
                Arguments.of(new Ofd(List.of(Ofd.Level.after(norm, BEFORE_RELU))), "margin"),
                Arguments.of(new ChannelWise(FIRST, FIRST), "channels"),
                Arguments.of(
                        new ReviewKd(List.of(same(FIRST), same(SECOND), same(POOLED)), 5, 1, HintonKd.labelsOnly()),
                        "review"));
    }

    @ParameterizedTest
    @MethodSource("onImages")
    void theLossFallsOnImages(DistillationMethod method, String term) throws IOException {
        expectFall(TEACHER, rng -> cnn(4, 5, rng), IMAGES, method, term);
    }

    @Test
    void theFlowIsLearnt() throws IOException {
        expectFall(
                TEACHER,
                rng -> cnn(6, 8, rng),
                IMAGES,
                new Fsp(Fsp.between(List.of(same(FIRST), same(SECOND)))),
                "flow");
    }

    @Test
    void theTeachersClassifierIsReused() throws IOException {
        NetworkFactory students =
                ReusedClassifier.students(rng -> cnn(4, 5, rng), SECOND, 5, (Linear) TEACHER.module("linear"));
        expectFall(TEACHER, students, IMAGES, new SimKd(SECOND), "features");
        NetworkFactory others =
                ReusedClassifier.students(rng -> cnn(4, 5, rng), SECOND, 5, new Linear(7, CLASSES, new Rng(1)));
        assertThatThrownBy(() -> run(TEACHER, others, IMAGES, new SimKd(SECOND)))
                .hasMessageContaining("takes the 8 channels of body.stage2:output, got one that takes 7");
    }

    @Test
    void classAttentionIsLearnt() throws IOException {
        expectFall(
                new ClassMaps(cnn(6, 8, new Rng(1)), SECOND, "linear"),
                rng -> new ClassMaps(cnn(4, 5, rng), SECOND, "linear"),
                IMAGES,
                new CatKd(),
                "classes");
    }

    @Test
    void cellsOfTheImageAreLearnt() throws IOException {
        expectFall(
                new ClassMaps(cnn(6, 8, new Rng(1)), SECOND, "linear"),
                rng -> new ClassMaps(cnn(4, 5, rng), SECOND, "linear"),
                IMAGES,
                new Sdd(List.of(1, 2), Sdd.Cells.DKD, 4, 2, 1, 1),
                "sdd");
    }

    /// The stage of boundaries trains all before the last tap and nothing behind it.
    @Test
    void boundariesAreLearntFirst() throws IOException {
        ActivationBoundaries method =
                new ActivationBoundaries(List.of(BEFORE_RELU), 1, .01, FitNet.Order.STAGED, HintonKd.labelsOnly());
        List<EpochReport> reports = run(TEACHER, rng -> cnn(4, 5, rng), IMAGES, method);
        assertThat(reports).hasSize(2 * EPOCHS);
        assertThat(reports.getFirst().terms()).containsOnlyKeys("boundaries");
        assertThat(reports.getLast().terms()).containsOnlyKeys("label");
        assertThat(fall(reports.subList(0, EPOCHS), "boundaries")).isPositive();
    }

    private static BertClassifier bert(int width, int layers, Rng rng) {
        Bert.Config config = Bert.Config.of(20, 8, width, layers, 2, 16);
        return new BertClassifier(config, CLASSES, rng);
    }

    private static TapPair layers(int student, int teacher) {
        return new TapPair(Tap.output("bert.encoder.layer." + student), Tap.output("bert.encoder.layer." + teacher));
    }

    static Stream<Arguments> onTexts() {
        String student = "bert.encoder.layer.0.attention.self";
        String teacher = "bert.encoder.layer.1.attention.self";
        MiniLm second = MiniLm.between(student, teacher, 4);
        MiniLm first = new MiniLm(
                MiniLm.Relations.ATTENTION, second.query(), second.key(), second.value(), 2, 0, 1, second.response());
        TinyBert tiny = new TinyBert(
                List.of(layers(0, 1), same(Tap.output("bert.embeddings"))),
                List.of(TinyBert.Attention.between(student, teacher)),
                2,
                0,
                1,
                FitNet.Order.JOINT,
                new HintonKd(1, 0, 1));
        return Stream.of(
                Arguments.of(12, second, "relations"),
                Arguments.of(12, first, "relations"),
                Arguments.of(12, tiny, "hidden"),
                Arguments.of(12, tiny, "attention"),
                Arguments.of(8, new PatientKd(List.of(layers(0, 0))), "patience"));
    }

    @ParameterizedTest
    @MethodSource("onTexts")
    void theLossFallsOnTexts(int width, DistillationMethod method, String term) throws IOException {
        BertClassifier teacher = bert(width, 2, new Rng(1));
        // Weights of a new encoder are so small that all its attention is alike.
        Map<String, Tensor> large = teacher.stateDict();
        large.forEach((name, weight) -> {
            if (name.endsWith("self.query.weight") || name.endsWith("self.key.weight")) {
                weight.copyFrom(Random.normal(new Rng(name.hashCode()), width, width));
            }
        });
        expectFall(teacher, rng -> bert(8, 1, rng), TEXTS, method, term);
    }

    private static final int EPOCHS = 6;

    private static void expectFall(
            Layer teacher, NetworkFactory students, Dataset data, DistillationMethod method, String term)
            throws IOException {
        assertThat(fall(run(teacher, students, data, method), term)).isPositive();
    }

    private static double fall(List<EpochReport> reports, String term) {
        return reports.getFirst().terms().getOrDefault(term, Double.NaN)
                - reports.getLast().terms().getOrDefault(term, Double.NaN);
    }

    private static List<EpochReport> run(
            Layer teacher, NetworkFactory students, Dataset data, DistillationMethod method) throws IOException {
        return Distillation.with(teacher, students)
                .labelled(data)
                .method(method)
                .training(Training.defaults().withEpochs(EPOCHS).withBatchSize(16, 1))
                .fit()
                .reports();
    }
}
