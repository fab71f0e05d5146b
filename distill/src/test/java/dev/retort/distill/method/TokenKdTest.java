package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.LossTerm;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TranslatedTeacher;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TokenKdTest {
    private static final double CLOSE = 1e-12;
    private static final int PAD = 0;
    private static final long[] TOKENS = {3, 1, 2, PAD, 2, 4, 1, 3};

    /// Two texts of 4 tokens; the first ends with padding.
    private static StepBatch texts() {
        return new StepBatch(List.of(Tensor.of(TOKENS, 2, 4)), Tensor.of(new long[] {-1, -1}, 2), new int[] {0, 1});
    }

    /// The same texts with targets of their own: only two tokens count.
    private static StepBatch withTargets() {
        long[] targets = {-1, 2, -100, -1, -1, -1, -1, 4};
        return new StepBatch(List.of(Tensor.of(TOKENS, 2, 4)), Tensor.of(targets, 2, 4), new int[] {0, 1});
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1.5, DType.F64, shape);
    }

    private static Setup setup(Shape student, Shape teacher) {
        return new Setup(
                Map.of(Tap.LOGITS, student),
                Map.of(Tap.LOGITS, teacher),
                student.dim(1),
                new long[] {-1, -1},
                null,
                null,
                new long[0],
                new Rng(1));
    }

    private static LossTerm loss(DistillationMethod method, Tensor student, Tensor teacher, String name) {
        Setup setup = setup(student.shape().without(0), teacher.shape().without(0));
        return method.terms(setup).stream()
                .filter(term -> term.name().equals(name))
                .findFirst()
                .orElseThrow()
                .loss();
    }

    private static double row(Divergence divergence, Tensor student, Tensor teacher, int text, int at) {
        return divergence
                .rows(
                        student.select(0, text).select(0, at),
                        teacher.select(0, text).select(0, at),
                        2)
                .item();
    }

    @Test
    void everyNextTokenCountsThatIsNotPadding() {
        Tensor student = normal(1, 2, 4, 5);
        Tensor teacher = normal(2, 2, 4, 5);
        Divergence divergence = new Divergence.ReverseKl();
        TokenKd method = new TokenKd(divergence, 2, .5, 1, PAD, 0);
        LossTerm kd = loss(method, student, teacher, "kd");
        Step step = Steps.of(texts(), student, teacher);
        double wanted = row(divergence, student, teacher, 0, 0)
                + row(divergence, student, teacher, 0, 1)
                + row(divergence, student, teacher, 1, 0)
                + row(divergence, student, teacher, 1, 1)
                + row(divergence, student, teacher, 1, 2);
        assertThat(kd.count(texts())).isEqualTo(5);
        assertThat(kd.sum(step).item()).isCloseTo(wanted, within(CLOSE));
        LossTerm label = loss(method, student, teacher, "label");
        Tensor logs = student.logSoftmax(2);
        double surprise =
                -logs.get(0, 0, 1) - logs.get(0, 1, 2) - logs.get(1, 0, 4) - logs.get(1, 1, 1) - logs.get(1, 2, 3);
        assertThat(label.count(texts())).isEqualTo(5);
        assertThat(label.sum(step).item()).isCloseTo(surprise, within(CLOSE));
        assertThat(loss(new TokenKd(divergence), student, teacher, "kd").count(texts()))
                .as("without padding")
                .isEqualTo(6);
    }

    @Test
    void targetsSayWhatCounts() {
        Tensor student = normal(1, 2, 4, 5);
        Tensor teacher = normal(2, 2, 4, 5);
        Divergence divergence = new Divergence.TotalVariation();
        TokenKd method = new TokenKd(divergence, 2, .5, 1, -1, 0);
        LossTerm kd = loss(method, student, teacher, "kd");
        Step step = Steps.of(withTargets(), student, teacher);
        assertThat(kd.count(withTargets())).isEqualTo(2);
        assertThat(kd.sum(step).item())
                .isCloseTo(
                        row(divergence, student, teacher, 0, 1) + row(divergence, student, teacher, 1, 3),
                        within(CLOSE));
        Tensor logs = student.logSoftmax(2);
        assertThat(loss(method, student, teacher, "label").sum(step).item())
                .isCloseTo(-logs.get(0, 1, 2) - logs.get(1, 3, 4), within(CLOSE));
    }

    /// Rows of padding at the end of a vocabulary have no say, whatever their logits are.
    @Test
    void vocabulariesAreCutToTheTokensThatThereAre() {
        Tensor student = normal(1, 2, 4, 6);
        Tensor teacher = normal(2, 2, 4, 8);
        TokenKd cut = new TokenKd(new Divergence.ForwardKl(), 1, 0, 1, -1, 5);
        Tensor own = student.narrow(2, 0, 5);
        Tensor other = teacher.narrow(2, 0, 5);
        double wanted = loss(new TokenKd(new Divergence.ForwardKl()), own, other, "kd")
                .sum(Steps.of(texts(), own, other))
                .item();
        assertThat(loss(cut, student, teacher, "kd")
                        .sum(Steps.of(texts(), student, teacher))
                        .item())
                .isCloseTo(wanted, within(CLOSE));
        assertThatThrownBy(() -> loss(new TokenKd(new Divergence.ForwardKl()), student, teacher, "kd"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got [4, 6] and [4, 8] with vocabulary 0");
        assertThatThrownBy(() -> loss(new TokenKd(new Divergence.ForwardKl(), 1, 0, 1, -1, 7), student, teacher, "kd"))
                .hasMessageContaining("with vocabulary 7");
    }

    @Test
    void universalLogitsAreComparedByRank() {
        Tensor student = Tensor.of(new double[] {.2, .5, .3}, 1, 3).log();
        Tensor teacher = Tensor.of(new double[] {.1, .1, .6, .2}, 1, 4).log();
        // .5 .3 .2 0 beside .6 .2 .1 .1
        assertThat(UniversalLogits.distances(student, teacher).item()).isCloseTo(.4, within(CLOSE));
        assertThat(UniversalLogits.distances(teacher, student).item()).isCloseTo(.4, within(CLOSE));
        Tensor other = Tensor.of(new double[] {.6, .2, .1, .1}, 1, 4).log();
        assertThat(UniversalLogits.distances(teacher, other).item())
                .as("blind to the order of tokens")
                .isCloseTo(0, within(CLOSE));
        GradCheck.defaults()
                .firstOrder(
                        "uld", in -> new Tensor[] {UniversalLogits.distances(in[0], normal(2, 3, 6))}, normal(1, 3, 4))
                .verify();
    }

    /// The teacher's text has three positions: tokens at the student's fourth do not count.
    @Test
    void universalLogitsPairPositionsInOrder() {
        Tensor student = normal(1, 2, 4, 5);
        Tensor teacher = normal(2, 2, 3, 9);
        LossTerm loss = loss(new UniversalLogits(), student, teacher, "uld");
        double wanted = UniversalLogits.distances(
                        student.select(0, 0).narrow(0, 1, 1),
                        teacher.select(0, 0).narrow(0, 1, 1))
                .item();
        assertThat(loss.count(withTargets())).isEqualTo(1);
        assertThat(loss.sum(Steps.of(withTargets(), student, teacher)).item()).isCloseTo(wanted, within(CLOSE));
        Step all = Steps.of(texts(), student, teacher);
        double second = 0;
        for (int t = 0; t < 3; t++) {
            for (int text = 0; text < 2; text++) {
                second += UniversalLogits.distances(
                                student.select(0, text).narrow(0, t, 1),
                                teacher.select(0, text).narrow(0, t, 1))
                        .item();
            }
        }
        assertThat(loss.sum(all).item()).isCloseTo(second, within(CLOSE));
    }

    @Test
    void refusals() {
        Divergence kl = new Divergence.ForwardKl();
        assertThatThrownBy(() -> new TokenKd(kl, 0, 0, 1, -1, 0)).hasMessageContaining("positive temperature, got 0");
        assertThatThrownBy(() -> new TokenKd(kl, 1, -1, 1, -1, 0)).hasMessageContaining("got -1.0 and 1.0");
        assertThatThrownBy(() -> new TokenKd(kl, 1, 0, 0, -1, 0)).hasMessageContaining("positive teacher weight");
        assertThatThrownBy(() -> new TokenKd(kl, 1, 0, 1, -2, 0)).hasMessageContaining("got -2 and 0");
        assertThatThrownBy(() -> new UniversalLogits(0, 0, -1)).hasMessageContaining("got 0.0 and 0.0");
        assertThatThrownBy(() -> TokenTargets.of(Steps.batch(1, 2), -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected token indices [B, T]");
    }

    static Gpt2 gpt(int vocabulary, int width, long seed) {
        return new Gpt2(Gpt2.Config.of(vocabulary, 16, width, 1, 2), new Rng(seed));
    }

    /// A network that is sure of what it says: without training it would say the same of all tokens.
    private static Gpt2 sure(int vocabulary) {
        Gpt2 network = gpt(vocabulary, 16, 1);
        network.parameters().stream()
                .filter(weight -> weight.tensor().rank() == 2)
                .forEach(weight -> weight.set(weight.tensor().detach().mul(20.0)));
        return network;
    }

    /// Texts of up to 8 tokens, the rest of the row is padding.
    private static Tensor rows(int count) {
        Rng rng = new Rng(9);
        long[] ids = new long[count * 8];
        for (int i = 0; i < count; i++) {
            int length = 3 + rng.nextInt(6);
            for (int t = 0; t < length; t++) {
                ids[8 * i + t] = 1 + rng.nextInt(11);
            }
        }
        return Tensor.of(ids, count, 8);
    }

    private static Dataset texts(int count) {
        return new TensorDataset(rows(count), Tensor.zeros(DType.I64, count));
    }

    static Training training(int epochs) {
        return Training.defaults()
                .withEpochs(epochs)
                .withBatchSize(8, 1)
                .withOptimizer(new OptimizerChoice.OfAdam(Adam.config(5e-3)), new ScheduleChoice.Constant());
    }

    static double first(Distilled result, String term) {
        return mean(result, 0, term);
    }

    static double last(Distilled result, String term) {
        return mean(result, result.reports().size() - 1, term);
    }

    private static double mean(Distilled result, int epoch, String term) {
        Double found = result.reports().get(epoch).terms().get(term);
        return found == null ? Double.NaN : found;
    }

    @Test
    void aLanguageModelLearnsFromAnother() throws IOException {
        Distilled result = Distillation.with(sure(12), rng -> gpt(12, 16, rng.seed()))
                .unlabelled(texts(32))
                .method(new TokenKd(new Divergence.SkewKl()).withPadding(PAD))
                .training(training(10))
                .fit();
        assertThat(last(result, "kd")).isLessThan(.7 * first(result, "kd"));
    }

    /// Texts with targets are labelled samples; prompts are left out by targets below 0.
    @Test
    void textsWithTargetsAreLabelledSamples() throws IOException {
        Tensor ids = rows(32);
        Tensor targets = Tensor.cat(
                1, ids.narrow(1, 1, 7), Tensor.zeros(DType.I64, 32, 1).sub(1));
        Distilled result = Distillation.with(gpt(12, 16, 1), rng -> gpt(12, 8, rng.seed()))
                .labelled(new TensorDataset(ids, targets))
                .method(new TokenKd(new Divergence.JensenShannon()))
                .training(training(12))
                .fit();
        assertThat(last(result, "kd")).isLessThan(.7 * first(result, "kd"));
    }

    /// Micro-batches hold other numbers of tokens, which must not change what a token weighs.
    @Test
    void microBatchesOfUnequalTextsAddUp() throws IOException {
        float[][] weights = new float[2][];
        for (int parts : new int[] {1, 4}) {
            Training plain = Training.defaults()
                    .withEpochs(1)
                    .withBatchSize(8, parts)
                    .withOptimizer(new OptimizerChoice.Sgd(SGD.Config.of(.5)), new ScheduleChoice.Constant());
            weights[parts == 1 ? 0 : 1] = Distillation.with(gpt(12, 16, 1), rng -> gpt(12, 8, rng.seed()))
                    .unlabelled(texts(20))
                    .method(new TokenKd(new Divergence.ForwardKl())
                            .withPadding(PAD)
                            .withWeights(1, 1))
                    .training(plain)
                    .fit()
                    .student()
                    .parameters()
                    .iterator()
                    .next()
                    .tensor()
                    .toFloats();
        }
        for (int i = 0; i < weights[0].length; i++) {
            assertThat(weights[1][i]).isCloseTo(weights[0][i], within(1e-5f));
        }
    }

    /// A teacher with tokens of its own, of which it sees fewer.
    @Test
    void aTeacherOfAnotherVocabulary() throws IOException {
        Teacher teacher = new TranslatedTeacher(
                new LiveTeacher(sure(20)), "shifted", ids -> ids.add(8).narrow(1, 0, 6));
        Distilled result = Distillation.with(teacher, rng -> gpt(12, 16, rng.seed()))
                .unlabelled(texts(32))
                .method(new UniversalLogits(0, 1, PAD))
                .training(training(10))
                .fit();
        assertThat(last(result, "uld")).isLessThan(.8 * first(result, "uld"));
    }
}
