package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.Distilled;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.TrainingListener;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.data.Sample;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MiniLlmTest {
    private static final Prompts PROMPTS = new Prompts(List.of(new int[] {3, 5}, new int[] {7}, new int[] {1, 2, 4}));

    private static MiniLlm method(double teacherShare) {
        return new MiniLlm(PROMPTS, Writing.sampling(4, -1), teacherShare, .2);
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static Setup setup(int length, int vocabulary) {
        Map<Tap, Shape> shapes = Map.of(Tap.LOGITS, Shape.of(length, vocabulary));
        return new Setup(shapes, shapes, vocabulary, new long[] {-1}, null, null, new long[0], new Rng(1));
    }

    /// Targets of texts, by rows: tokens, ln q, ln p̃.
    private static StepBatch batch(double[] targets, int texts, int length) {
        int[] indices = new int[texts];
        return new StepBatch(
                List.of(Tensor.zeros(DType.I64, texts, length)), Tensor.of(targets, texts, 3, length), indices);
    }

    private static Tensor sum(Term term, StepBatch batch, Tensor student, Tensor teacher) {
        return term.loss().sum(Steps.of(batch, student, teacher));
    }

    private static double[] logs(Tensor logits, int text, int at) {
        return logits.select(0, text).select(0, at).logSoftmax(0).toDoubles();
    }

    /// Two texts of three positions; the first has two tokens that count, the second three.
    @Test
    void bothTermsByPlainLoopsAndDifferences() {
        double[] targets = {
            -1, 2, 0, 0, -1.2, -.7, 0, -1, -.9, 1, 1, 3, -.5, -2, -1.1, -.6, -1.8, -1.3,
        };
        StepBatch batch = batch(targets, 2, 3);
        Tensor student = normal(1, 2, 3, 4);
        Tensor teacher = normal(2, 2, 3, 4);
        List<Term> terms = method(.2).terms(setup(3, 4));
        assertThat(terms).extracting(Term::name).containsExactly("single", "long");
        assertThat(terms.getFirst().loss().count(batch)).isEqualTo(5);
        int[][] counts = {{1, 2}, {0, 1, 2}};
        double single = 0;
        double late = 0;
        for (int text = 0; text < 2; text++) {
            int base = text * 9;
            double rewards = 0;
            int after = 0;
            for (int i = counts[text].length - 1; i >= 0; i--) {
                int at = counts[text][i];
                int token = (int) targets[base + at];
                double own = targets[base + 3 + at];
                double drawn = targets[base + 6 + at];
                double[] q = logs(student, text, at);
                double[] p = logs(teacher, text, at);
                for (int k = 0; k < 4; k++) {
                    single += Math.exp(own - drawn) * Math.exp(q[k]) * (q[k] - p[k]);
                }
                double mean = after == 0 ? 0 : rewards / after;
                double ratio = Math.exp(q[token] - drawn);
                late += Math.max(-ratio * mean, -Math.clamp(ratio, .8, 1.2) * mean);
                rewards += p[token] - own;
                after++;
            }
        }
        assertThat(sum(terms.get(0), batch, student, teacher).item()).isCloseTo(single, within(1e-12));
        assertThat(sum(terms.get(1), batch, student, teacher).item()).isCloseTo(late, within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "minillm",
                        in -> new Tensor[] {
                            sum(terms.get(0), batch, in[0], teacher), sum(terms.get(1), batch, in[0], teacher)
                        },
                        student)
                .verify();
    }

    /// Over all texts of two tokens the mean gradient is that of the reverse divergence of texts.
    @Test
    void theGradientIsThatOfTheDivergenceOfTexts() {
        int vocabulary = 3;
        Tensor first = normal(3, vocabulary).requiresGrad(true);
        Tensor second = normal(4, vocabulary, vocabulary).requiresGrad(true);
        Tensor wiseFirst = normal(5, vocabulary);
        Tensor wiseSecond = normal(6, vocabulary, vocabulary);
        double[] q1 = first.detach().logSoftmax(0).toDoubles();
        double[] q2 = second.detach().logSoftmax(1).toDoubles();
        List<Term> terms = method(0).terms(setup(2, vocabulary));
        Tensor mean = Tensor.scalar(DType.F64, 0);
        for (int a = 0; a < vocabulary; a++) {
            for (int b = 0; b < vocabulary; b++) {
                double own2 = q2[a * vocabulary + b];
                StepBatch batch = batch(new double[] {a, b, q1[a], own2, q1[a], own2}, 1, 2);
                Tensor student = Tensor.stack(0, first, second.select(0, a)).unsqueeze(0);
                Tensor teacher =
                        Tensor.stack(0, wiseFirst, wiseSecond.select(0, a)).unsqueeze(0);
                Tensor loss =
                        sum(terms.get(0), batch, student, teacher).add(sum(terms.get(1), batch, student, teacher));
                mean = mean.add(loss.mul(Math.exp(q1[a] + own2)));
            }
        }
        Tensor one = first.logSoftmax(0).unsqueeze(1).add(second.logSoftmax(1)); // ln q(a, b)
        Tensor wise = wiseFirst.logSoftmax(0).unsqueeze(1).add(wiseSecond.logSoftmax(1));
        Tensor exact = one.exp().mul(one.sub(wise)).sum();
        Tensor[] expected = Autograd.grad(exact, first, second);
        Tensor[] found = Autograd.grad(mean, first, second);
        for (int i = 0; i < 2; i++) {
            double[] wanted = expected[i].toDoubles();
            double[] got = found[i].toDoubles();
            for (int k = 0; k < wanted.length; k++) {
                assertThat(got[k]).isCloseTo(wanted[k], within(1e-12));
            }
        }
    }

    @Test
    void textsRememberHowProbableTheirTokensWere() {
        Gpt2 teacher = TokenKdTest.gpt(12, 16, 1);
        Gpt2 student = TokenKdTest.gpt(12, 8, 2);
        student.train();
        SampleSource source = method(.3).source(teacher, new Rng(1));
        source.refresh(1, student);
        assertThat(student.isTraining()).as("modes stay").isTrue();
        teacher.eval();
        student.eval();
        for (int i = 0; i < 3; i++) {
            int[] prompt = PROMPTS.get(i);
            Sample sample = source.data().get(i);
            long[] ids = sample.input().toLongs();
            float[] targets = sample.target().toFloats();
            assertThat(ids).hasSize(7);
            Tensor text = Tensor.of(ids, 1, 7);
            Tensor own = student.call(text).detach();
            Tensor wise = teacher.call(text).detach();
            for (int t = 0; t < 7; t++) {
                boolean counts = t + 1 >= prompt.length && t + 1 < prompt.length + 4;
                assertThat(targets[t]).isEqualTo(counts ? ids[t + 1] : -1);
                if (counts) {
                    double q = logs(own, 0, t)[(int) ids[t + 1]];
                    double p = logs(wise, 0, t)[(int) ids[t + 1]];
                    assertThat(targets[7 + t]).isCloseTo((float) q, within(1e-4f));
                    double mixed = Math.log(.3 * Math.exp(p) + .7 * Math.exp(q));
                    assertThat(targets[14 + t]).isCloseTo((float) mixed, within(1e-4f));
                }
            }
        }
        float[] before = source.data().get(0).target().toFloats();
        source.refresh(2, student);
        assertThat(source.data().get(0).target().toFloats()).isNotEqualTo(before);
    }

    /// A text ends with the stop token, which counts; what would come after it does not.
    @Test
    void theStopTokenEndsAText() {
        Gpt2 teacher = TokenKdTest.gpt(3, 16, 1);
        MiniLlm method =
                new MiniLlm(new Prompts(List.of(new int[] {1}, new int[] {2})), Writing.sampling(8, 0), .5, .2);
        SampleSource source = method.source(teacher, new Rng(4));
        source.refresh(1, TokenKdTest.gpt(3, 8, 2));
        int stopped = 0;
        for (int i = 0; i < 2; i++) {
            float[] tokens = source.data().get(i).target().select(0, 0).toFloats();
            int end = 0;
            while (end < 8 && tokens[end] > 0) {
                end++;
            }
            stopped += tokens[end] == 0 ? 1 : 0;
            for (int t = end + 1; t < tokens.length; t++) {
                assertThat(tokens[t]).isEqualTo(-1);
            }
        }
        assertThat(stopped).isPositive();
    }

    private static Distillation run(int epochs) {
        return Distillation.with(TokenKdTest.gpt(12, 16, 1), rng -> TokenKdTest.gpt(12, 8, rng.seed()))
                .method(new MiniLlm(PROMPTS, Writing.sampling(6, -1)))
                .training(TokenKdTest.training(epochs));
    }

    @Test
    void theDivergenceFalls() throws IOException {
        Distilled result = run(60).fit();
        assertThat(TokenKdTest.last(result, "single")).isLessThan(.7 * TokenKdTest.first(result, "single"));
    }

    @Test
    void stoppedAndResumedIsTheSameAsUninterrupted(@TempDir Path folder) throws IOException {
        Distilled straight = run(6).fit();
        TrainingListener stop = new TrainingListener() {
            private long at;

            @Override
            public void step(long step, int samples, double loss) {
                at = step;
            }

            @Override
            public boolean stopRequested() {
                return at >= 3;
            }
        };
        assertThatThrownBy(() -> run(6).folder(folder).listener(stop).fit()).isInstanceOf(TrainingStopped.class);
        Distilled resumed = run(6).folder(folder).fit();
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
        assertThatThrownBy(() -> method(1)).hasMessageContaining("share in [0, 1), got 1.0");
        assertThatThrownBy(() -> new MiniLlm(PROMPTS, Writing.beams(4, 2, -1)))
                .hasMessageContaining("at a positive temperature");
        assertThatThrownBy(() -> new MiniLlm(PROMPTS, Writing.sampling(4, -1), .2, 0))
                .hasMessageContaining("positive clip");
        assertThatThrownBy(() ->
                        new MiniLlm(PROMPTS, Writing.sampling(20, -1)).source(TokenKdTest.gpt(12, 16, 1), new Rng(1)))
                .hasMessageContaining("the teacher's context, got 23");
        assertThatThrownBy(() -> method(.2).source(new dev.retort.nn.layer.Linear(2, 2, new Rng(1)), new Rng(1)))
                .hasMessageContaining("a Decoder, got Linear");
        Step labelled = Steps.of(Steps.batch(0, 1), normal(1, 2, 3), normal(2, 2, 3));
        assertThatThrownBy(() -> method(.2).terms(setup(1, 3)).getFirst().loss().sum(labelled))
                .hasMessageContaining("expected targets [B, 3, T]");
        Setup other = new Setup(
                Map.of(Tap.LOGITS, Shape.of(3, 4)),
                Map.of(Tap.LOGITS, Shape.of(3, 5)),
                4,
                new long[] {-1},
                null,
                null,
                new long[0],
                new Rng(1));
        assertThatThrownBy(() -> method(.2).terms(other)).hasMessageContaining("logits of the same tokens");
    }
}
