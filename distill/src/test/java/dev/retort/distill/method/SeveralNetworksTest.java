package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.Distilled;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.FunctionTeacher;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.Mlp;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SeveralNetworksTest {
    private static final double CLOSE = 1e-12;
    private static final double[] FIRST = {.7, .2, .1};
    private static final double[] SECOND = {.3, .3, .4};

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    /// Two teachers for two samples: the same answers for both.
    private static Tensor teachers() {
        double[] flat = {.7, .2, .1, .3, .3, .4, .7, .2, .1, .3, .3, .4};
        return Tensor.of(flat, 2, 2, 3).log();
    }

    private static double entropy(double[] p) {
        double sum = 0;
        for (double x : p) {
            sum -= x * Math.log(x);
        }
        return sum;
    }

    private static Teacher says(String name, double... probabilities) {
        Tensor row = Tensor.of(probabilities, 1, probabilities.length).log();
        return new FunctionTeacher(name, inputs -> row.expand(inputs.size(0), probabilities.length));
    }

    private static TeacherQuery query(Tap... taps) {
        return new TeacherQuery("data", new int[] {0, 1}, TeacherQuery.NONE, () -> Tensor.zeros(2, 4), Set.of(taps));
    }

    @Test
    void anEnsembleAnswersWithTheMean() {
        List<Teacher> both = List.of(says("first", FIRST), says("second", SECOND));
        Tensor probabilities =
                new TeacherEnsemble(both).logits(query(Tap.LOGITS)).softmax(1);
        Tensor logits = new TeacherEnsemble(both, TeacherEnsemble.Averaging.LOGITS).logits(query(Tap.LOGITS));
        for (int j = 0; j < 3; j++) {
            assertThat(probabilities.get(1, j)).isCloseTo((FIRST[j] + SECOND[j]) / 2, within(CLOSE));
            assertThat(logits.get(1, j)).isCloseTo((Math.log(FIRST[j]) + Math.log(SECOND[j])) / 2, within(CLOSE));
        }
        Map<Tap, Tensor> all = new TeacherEnsemble(both).answer(query(Tap.LOGITS, TeacherEnsemble.EACH));
        assertThat(all.get(TeacherEnsemble.EACH)).isNotNull();
        assertThat(java.util.Objects.requireNonNull(all.get(TeacherEnsemble.EACH))
                        .toDoubles())
                .containsExactly(teachers().toDoubles(), within(CLOSE));
        assertThat(new TeacherEnsemble(both).fingerprint())
                .isNotEqualTo(new TeacherEnsemble(both.reversed()).fingerprint())
                .isNotEqualTo(new TeacherEnsemble(both, TeacherEnsemble.Averaging.LOGITS).fingerprint());
    }

    @Test
    void ensembleRefusals() {
        assertThatThrownBy(() -> new TeacherEnsemble(List.of())).hasMessageContaining("at least one teacher, got none");
        TeacherEnsemble uneven = new TeacherEnsemble(List.of(says("first", FIRST), says("two", .5, .5)));
        assertThatThrownBy(() -> uneven.logits(query(Tap.LOGITS)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the same classes from every teacher");
        TeacherEnsemble one = new TeacherEnsemble(List.of(says("first", FIRST)));
        assertThatThrownBy(() -> one.answer(query(Tap.output("body")))).hasMessageContaining("got taps [body:output]");
    }

    @Test
    void weightsByHand() {
        Tensor labels = Tensor.of(new long[] {0, -1}, 2);
        Tensor mean = MultiTeacherKd.weights(MultiTeacherKd.Weighting.MEAN, teachers(), labels);
        assertThat(mean.toDoubles()).containsExactly(new double[] {.5, .5, .5, .5}, within(CLOSE));
        double sure = 1 / entropy(FIRST) / (1 / entropy(FIRST) + 1 / entropy(SECOND));
        Tensor entropy = MultiTeacherKd.weights(MultiTeacherKd.Weighting.ENTROPY, teachers(), labels);
        assertThat(entropy.toDoubles()).containsExactly(new double[] {sure, 1 - sure, sure, 1 - sure}, within(CLOSE));
        // exp(CE) is 1/p(label): 1/.7 and 1/.3, of which the first is a share of .3. No label: alike.
        Tensor right = MultiTeacherKd.weights(MultiTeacherKd.Weighting.CONFIDENCE, teachers(), labels);
        assertThat(right.toDoubles()).containsExactly(new double[] {.7, .3, .5, .5}, within(CLOSE));
    }

    private static Step step(StepBatch batch, Tensor student, Tensor teachers) {
        return new Step(
                batch,
                1,
                new Rng(0),
                List.of(List.of(Map.of(Tap.LOGITS, student))),
                List.of(Map.of(TeacherEnsemble.EACH, teachers)),
                null);
    }

    private static LossTerm kd(MultiTeacherKd.Weighting weighting) {
        Setup setup = new Setup(Map.of(), Map.of(), 3, new long[] {0, -1}, null, null, new long[0], new Rng(1));
        return new MultiTeacherKd(weighting, 2, 1, 1).terms(setup).getLast().loss();
    }

    @Test
    void theLossIsTheWeightedSumOfDivergences() {
        StepBatch batch = Steps.batch(0, -1);
        Tensor student = normal(1, 2, 3);
        Tensor first = HintonKd.divergence(student, teachers().select(1, 0), 2);
        Tensor second = HintonKd.divergence(student, teachers().select(1, 1), 2);
        double wanted = .7 * first.get(0) + .3 * second.get(0) + .5 * first.get(1) + .5 * second.get(1);
        LossTerm loss = kd(MultiTeacherKd.Weighting.CONFIDENCE);
        assertThat(loss.count(batch)).isEqualTo(2);
        assertThat(loss.sum(step(batch, student, teachers())).item()).isCloseTo(wanted, within(CLOSE));
    }

    /// Equal weights at temperature 1 pull as the mean of the probabilities does.
    @Test
    void equalWeightsPullLikeTheMeanOfTheProbabilities() {
        Tensor student = normal(1, 2, 3).requiresGrad(true);
        Setup setup = new Setup(Map.of(), Map.of(), 3, new long[] {0, -1}, null, null, new long[0], new Rng(1));
        LossTerm loss = new MultiTeacherKd(MultiTeacherKd.Weighting.MEAN, 1, 0, 1)
                .terms(setup)
                .getLast()
                .loss();
        Tensor mean = teachers().exp().mean(false, 1).log();
        double[] one = Autograd.grad(loss.sum(step(Steps.batch(0, -1), student, teachers())), student)[0].toDoubles();
        double[] other = Autograd.grad(HintonKd.divergence(student, mean, 1).sum(), student)[0].toDoubles();
        assertThat(one).containsExactly(other, within(CLOSE));
    }

    @ParameterizedTest
    @EnumSource
    void gradients(MultiTeacherKd.Weighting weighting) {
        GradCheck.defaults()
                .firstOrder(
                        "multi-teacher",
                        in -> new Tensor[] {kd(weighting).sum(step(Steps.batch(0, -1), in[0], teachers()))},
                        normal(1, 2, 3))
                .verify();
    }

    @Test
    void exitsByHand() {
        Byot method = new Byot(List.of(Tap.output("a")), Tap.output("b"), 2, .25, .5);
        Tensor logits = normal(1, 2, 3);
        Tensor end = normal(2, 2, 3);
        Tensor features = Tensor.of(new double[] {1, 0, 0, 2}, 2, 2);
        Tensor last = Tensor.of(new double[] {3, -1, 1, 2.5}, 2, 2);
        // Squares where one is above 0: 4, nothing (0 and -1), 1, 0.25.
        double label = -logits.logSoftmax(1).get(0, 1);
        double kd = HintonKd.divergence(logits, end, 2).sum().item();
        Tensor loss = method.exitLoss(logits, features, end, last, Tensor.of(new long[] {1, -1}, 2));
        assertThat(loss.item()).isCloseTo(.75 * label + .25 * kd + .5 * 5.25, within(CLOSE));
    }

    /// The end of the network teaches the exits; they do not pull at it.
    @Test
    void exitsHaveGradientsAndTheEndHasNone() {
        Byot method = new Byot(List.of(Tap.output("a")), Tap.output("b"), 3, .1, .3);
        Tensor labels = Tensor.of(new long[] {1, 2, -1}, 3);
        Tensor end = normal(3, 3, 4);
        Tensor last = normal(4, 3, 5).abs();
        GradCheck.defaults()
                .firstOrder(
                        "byot",
                        in -> new Tensor[] {method.exitLoss(in[0], in[1], end, last, labels)},
                        normal(1, 3, 4),
                        normal(2, 3, 5).abs())
                .verify();
        Tensor taught = end.requiresGrad(true);
        Tensor wanted = last.requiresGrad(true);
        assertThat(method.exitLoss(normal(1, 3, 4), normal(2, 3, 5), taught, wanted, labels)
                        .requiresGrad())
                .isFalse();
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new MultiTeacherKd(MultiTeacherKd.Weighting.MEAN, 0, 1, 1))
                .hasMessageContaining("positive temperature, got 0");
        assertThatThrownBy(() -> new MultiTeacherKd(MultiTeacherKd.Weighting.MEAN, 1, 1, 0))
                .hasMessageContaining("got 1.0 and 0.0");
        Tap tap = Tap.output("a");
        assertThatThrownBy(() -> new Byot(List.of(), tap)).hasMessageContaining("at least one exit");
        assertThatThrownBy(() -> new Byot(List.of(tap), tap, -1, .1, 0)).hasMessageContaining("positive temperature");
        assertThatThrownBy(() -> new Byot(List.of(tap), tap, 1, 1.1, 0)).hasMessageContaining("got 1.1 and 0.0");
    }

    private static Dataset samples() {
        Tensor inputs = Random.normal(new Rng(4), 48, 6);
        return new TensorDataset(inputs, inputs.narrow(1, 0, 3).argmax(1));
    }

    private static Mlp mlp(int width, Rng rng) {
        return new Mlp(Mlp.Config.of(6, 3, width, width), rng);
    }

    private static Training training() {
        return TokenKdTest.training(15);
    }

    @Test
    void aStudentLearnsFromTwoTeachers() throws IOException {
        Teacher both = new TeacherEnsemble(
                List.of(new LiveTeacher(mlp(16, new Rng(1))), new LiveTeacher(mlp(16, new Rng(2)))));
        Distilled result = Distillation.with(both, rng -> mlp(8, rng))
                .labelled(samples())
                .method(new MultiTeacherKd(MultiTeacherKd.Weighting.ENTROPY, 1, 0, 1))
                .training(training())
                .fit();
        assertThat(TokenKdTest.last(result, "kd")).isLessThan(.5 * TokenKdTest.first(result, "kd"));
    }

    @Test
    void aNetworkIsItsOwnTeacher() throws IOException {
        Distilled result = Distillation.withoutTeacher(rng -> mlp(8, rng))
                .labelled(samples())
                .method(new Byot(List.of(Tap.output("layers.relu1")), Tap.output("layers.relu2")))
                .training(training())
                .fit();
        assertThat(TokenKdTest.last(result, "label")).isLessThan(.6 * TokenKdTest.first(result, "label"));
        assertThat(TokenKdTest.last(result, "exit0")).isLessThan(.6 * TokenKdTest.first(result, "exit0"));
        assertThat(result.student().stateDict().keySet())
                .as("exits are dropped")
                .noneMatch(name -> name.contains("bottleneck"));
    }
}
