package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.EpochReport;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.CachedTeacher;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class SskdTest {
    private static final Tap TAP = Tap.input("linear");
    private static final Sskd.Part SELF = new Sskd.Part(10, .5, .75);
    private static final Sskd.Part TRANSFORMED = new Sskd.Part(2.7, 4, .5);

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    /// Ranks of the right answers: 0, 1, 0, 2, 1; of the three that are wrong the better ranked stay.
    @Test
    void rowsAreKeptByRank() {
        double[] scores = {3, 1, 2, 1, 2, 0, 0, 1, 5, 1, 2, 3, 2, 1, 0};
        long[] right = {0, 0, 2, 0, 1};
        assertThat(Sskd.keptRows(scores, right, 1)).containsExactly(0, 1, 2, 3, 4);
        assertThat(Sskd.keptRows(scores, right, .75)).containsExactly(0, 1, 2, 4);
        assertThat(Sskd.keptRows(scores, right, .4)).containsExactly(0, 1, 2);
        assertThat(Sskd.keptRows(scores, right, 0)).containsExactly(0, 2);
    }

    @Test
    void similaritiesAreCosines() {
        Tensor upright = Tensor.of(new double[] {1, 0, 3, 4}, 2, 2);
        Tensor turned = Tensor.of(new double[] {0, 2, 5, 0}, 2, 2);
        double[] cosines = Sskd.similarities(upright, turned).toDoubles();
        assertThat(cosines[0]).isCloseTo(0, within(1e-12));
        assertThat(cosines[1]).isCloseTo(.8, within(1e-12));
        assertThat(cosines[2]).isCloseTo(1, within(1e-12));
        assertThat(cosines[3]).isCloseTo(.6, within(1e-12));
    }

    @Test
    void theDivergenceOfKeptRowsIsAMean() {
        Tensor student = normal(1, 4, 3);
        Tensor teacher = normal(2, 4, 3);
        double[] rows = HintonKd.divergence(student, teacher, 2).toDoubles();
        assertThat(Sskd.keptDivergence(student, teacher, new long[] {1, 3}, 2).item())
                .isCloseTo(4 * (rows[1] + rows[3]) / 2, within(1e-12));
        assertThat(Sskd.keptDivergence(student, teacher, new long[0], 2).item()).isZero();
        GradCheck.defaults()
                .firstOrder(
                        "sskd",
                        in -> new Tensor[] {
                            Sskd.keptDivergence(
                                    Sskd.similarities(in[0], in[1]), teacher.narrow(1, 0, 2), new long[] {0, 2}, .5)
                        },
                        normal(3, 2, 5),
                        normal(4, 4, 5))
                .verify();
    }

    private static List<Map<Tap, Tensor>> views(Tensor features, Tensor logits, int batch) {
        List<Map<Tap, Tensor>> views = new ArrayList<>();
        for (int view = 0; view < 4; view++) {
            views.add(Map.of(
                    TAP, features.narrow(0, view * batch, batch), Tap.LOGITS, logits.narrow(0, view * batch, batch)));
        }
        return views;
    }

    /// The teacher's head learns alone first; afterwards it stays, and the student and its head learn.
    @Test
    void headsTakeTurns() {
        Sskd method = new Sskd(TAP, TAP, 2, SELF, TRANSFORMED, new HintonKd(4, .1, .9));
        List<Term> terms = method.terms(FeatureSetup.of(TAP, Shape.of(3), Shape.of(5)));
        assertThat(terms).extracting(Term::name).containsExactly("label", "kd", "head", "self", "transformed");
        assertThat(terms).extracting(term -> term.weight(2)).containsExactly(.1, .9, 1.0, 0.0, 2.7);
        assertThat(terms).extracting(term -> term.weight(3)).containsExactly(.1, .9, 0.0, 10.0, 2.7);
        Tensor student = Random.normal(new Rng(1), 8, 3).requiresGrad(true);
        Tensor logits = Random.normal(new Rng(2), 8, 2).requiresGrad(true);
        StepBatch batch = new StepBatch(List.of(Tensor.zeros(2, 1)), Tensor.of(new long[] {1, -1}), new int[] {0, 1});
        Step step = new Step(
                batch,
                1,
                new Rng(0),
                List.of(views(student, logits, 2)),
                views(Random.normal(new Rng(3), 8, 5), Random.normal(new Rng(4), 8, 2), 2),
                null);
        Module wise = Objects.requireNonNull(terms.get(2).loss().adapters());
        Module own = Objects.requireNonNull(terms.get(3).loss().adapters());
        assertThat(terms.get(2).loss().count(batch)).isEqualTo(6);
        terms.get(3).loss().sum(step).backward();
        assertThat(student.grad()).isNotNull();
        assertThat(own.parameters()).noneMatch(parameter -> parameter.grad() == null);
        assertThat(wise.parameters()).allMatch(parameter -> parameter.grad() == null);
        terms.get(2).loss().sum(step).backward();
        assertThat(wise.parameters()).noneMatch(parameter -> parameter.grad() == null);
        Tensor before = logits.grad();
        terms.get(4).loss().sum(step).backward();
        assertThat(before).isNull();
        float[] gradient = Objects.requireNonNull(logits.grad()).toFloats();
        assertThat(gradient[0]).as("upright images have no part in it").isZero();
        assertThat(gradient[4]).isNotZero();
    }

    private static final NetworkFactory STUDENTS = rng -> new SmallCnn(SmallCnn.Config.of(1, 3, 4, 5), rng);

    /// A teacher that keeps its answers tells turned images from upright ones.
    @Test
    void cachedAnswersAreThoseOfTheSameTurn() throws IOException {
        Sskd method = new Sskd(TAP, TAP, 1, SELF, TRANSFORMED, new HintonKd());
        Layer teacher = new SmallCnn(SmallCnn.Config.of(1, 3, 6, 8), new Rng(1));
        CachedTeacher cached = CachedTeacher.inMemory(new LiveTeacher(teacher));
        List<EpochReport> live =
                on(new LiveTeacher(teacher), 8, 8, method).fit().reports();
        List<EpochReport> kept = on(cached, 8, 8, method).fit().reports();
        assertThat(kept.getLast().terms()).isEqualTo(live.getLast().terms());
    }

    private static Distillation run(int height, int width, Sskd method) {
        return on(new LiveTeacher(new SmallCnn(SmallCnn.Config.of(1, 3, 6, 8), new Rng(1))), height, width, method);
    }

    private static Distillation on(Teacher teacher, int height, int width, Sskd method) {
        Tensor labels = Tensor.arange(32).remainder(Tensor.scalar(DType.I64, 3));
        Dataset images = new TensorDataset(Random.uniform(new Rng(2), 32, 1, height, width), labels);
        return Distillation.with(teacher, STUDENTS)
                .labelled(images)
                .method(method)
                .training(Training.defaults().withEpochs(8).withBatchSize(16, 1));
    }

    @Test
    void allLossesFall() throws IOException {
        List<EpochReport> reports = run(8, 8, new Sskd(TAP, TAP, 3, SELF, TRANSFORMED, new HintonKd()))
                .fit()
                .reports();
        assertThat(fall(reports.subList(0, 3), "head")).isPositive();
        assertThat(fall(reports.subList(3, 8), "self")).isPositive();
        assertThat(fall(reports, "transformed")).isPositive();
    }

    private static double fall(List<EpochReport> reports, String term) {
        return reports.getFirst().terms().getOrDefault(term, Double.NaN)
                - reports.getLast().terms().getOrDefault(term, Double.NaN);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> run(8, 6, new Sskd(TAP, TAP)).fit())
                .hasMessageContaining("turns images; expected square ones");
        assertThatThrownBy(() -> new Sskd(TAP, TAP, 0, SELF, TRANSFORMED, new HintonKd()))
                .hasMessageContaining("at least 1 epoch for the teacher's head");
        assertThatThrownBy(() -> new Sskd.Part(1, 0, 1)).hasMessageContaining("positive temperature");
        assertThatThrownBy(() -> new Sskd.Part(1, 1, 1.1)).hasMessageContaining("share of rows in [0, 1]");
        assertThatThrownBy(() -> new Sskd.Part(-1, 1, 1)).hasMessageContaining("sskd");
    }
}
