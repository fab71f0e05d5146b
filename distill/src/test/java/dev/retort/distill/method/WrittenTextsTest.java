package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.SampleSource;
import dev.retort.distill.TrainingListener;
import dev.retort.distill.TrainingStopped;
import dev.retort.nn.data.Sample;
import dev.retort.nn.generate.Generation;
import dev.retort.nn.generate.GenerationConfig;
import dev.retort.nn.generate.Generator;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class WrittenTextsTest {
    private static final Prompts PROMPTS = new Prompts(List.of(new int[] {3, 5}, new int[] {7}, new int[] {1, 2, 4}));
    private static final Writing GREEDY = new Writing(5, 0, 1, -1);

    private static long[] inputs(SampleSource source, int index) {
        return source.data().get(index).input().toLongs();
    }

    private static Gpt2 teacher() {
        return TokenKdTest.gpt(12, 16, 1);
    }

    @Test
    void textsAreThoseOfTheGeneratorAndOnlyTheyCount() {
        Gpt2 teacher = teacher();
        SampleSource source = new SequenceKd(PROMPTS, GREEDY).source(teacher, new Rng(1));
        source.refresh(1, TokenKdTest.gpt(12, 8, 2));
        List<Generation> written = new Generator(teacher, GenerationConfig.greedy(5))
                .generate(List.of(PROMPTS.get(0), PROMPTS.get(1), PROMPTS.get(2)));
        for (int i = 0; i < 3; i++) {
            int[] prompt = PROMPTS.get(i);
            int[] tokens = written.get(i).tokens();
            Sample sample = source.data().get(i);
            long[] ids = sample.input().toLongs();
            long[] targets = sample.target().toLongs();
            assertThat(ids).hasSize(8);
            for (int t = 0; t < 8; t++) {
                int at = t - prompt.length;
                long id = at < 0 ? prompt[t] : at < 5 ? tokens[at] : 0;
                long target = at >= -1 && at < 4 ? tokens[at + 1] : -1;
                assertThat(ids[t]).as("token %d of text %d", t, i).isEqualTo(id);
                assertThat(targets[t]).as("target %d of text %d", t, i).isEqualTo(target);
            }
        }
    }

    /// The stop token is learnt, what comes after it is not.
    @Test
    void theStopTokenIsLearntAsTheLast() {
        Gpt2 teacher = teacher();
        int[] free = new Generator(teacher, GenerationConfig.greedy(5))
                .generate(3, 5)
                .tokens();
        int at = 1;
        while (at < 5 && contains(free, at)) {
            at++;
        }
        assertThat(at).as("a token that the text has not had before").isLessThan(5);
        Prompts one = new Prompts(List.of(new int[] {3, 5}));
        SampleSource source = new SequenceKd(one, new Writing(5, 0, 1, free[at])).source(teacher, new Rng(1));
        source.refresh(1, teacher);
        long[] targets = source.data().get(0).target().toLongs();
        for (int t = 0; t < targets.length; t++) {
            int place = t - 1;
            assertThat(targets[t]).isEqualTo(place >= 0 && place <= at ? free[place] : -1);
        }
    }

    /// Whether tokens before `at` include the one there.
    private static boolean contains(int[] tokens, int at) {
        for (int i = 0; i < at; i++) {
            if (tokens[i] == tokens[at]) {
                return true;
            }
        }
        return false;
    }

    @Test
    void theShareSaysWhoWrites() {
        Gpt2 teacher = teacher();
        Gpt2 student = TokenKdTest.gpt(12, 16, 5);
        student.train();
        SampleSource own = source(1, teacher);
        SampleSource given = source(0, teacher);
        SampleSource students = source(0, student);
        own.refresh(1, student);
        given.refresh(1, student);
        students.refresh(1, student);
        assertThat(inputs(own, 0)).isEqualTo(inputs(students, 0)).isNotEqualTo(inputs(given, 0));
        assertThat(student.isTraining()).as("modes stay").isTrue();
        long[] before = inputs(given, 2);
        given.refresh(2, student);
        assertThat(inputs(given, 2)).as("the teacher writes once").isEqualTo(before);
    }

    private static SampleSource source(double share, Gpt2 teacher) {
        return new OnPolicyKd(PROMPTS, GREEDY, share, new Divergence.ReverseKl(), 1).source(teacher, new Rng(1));
    }

    private static Distillation run(DistillationMethod method, int epochs) {
        return Distillation.with(teacher(), rng -> TokenKdTest.gpt(12, 8, rng.seed()))
                .method(method)
                .training(TokenKdTest.training(epochs));
    }

    @Test
    void aStudentLearnsWhatTheTeacherWrites() throws IOException {
        Distilled result =
                run(new SequenceKd(PROMPTS, Writing.beams(5, 3, -1)), 40).fit();
        assertThat(TokenKdTest.first(result, "text")).isCloseTo(Math.log(12), within(1.0));
        assertThat(TokenKdTest.last(result, "text")).isLessThan(.6);
        Generation best = new Generator(teacher(), GenerationConfig.beamSearch(5, 3)).generate(PROMPTS.get(2));
        Gpt2 student = (Gpt2) result.student();
        assertThat(new Generator(student, GenerationConfig.greedy(5))
                        .generate(PROMPTS.get(2))
                        .tokens())
                .containsExactly(best.tokens());
    }

    @Test
    void aStudentLearnsFromItsOwnMistakes() throws IOException {
        OnPolicyKd method = new OnPolicyKd(PROMPTS, Writing.sampling(6, -1), 1, new Divergence.ForwardKl(), 1);
        Distilled result = run(method, 60).fit();
        assertThat(TokenKdTest.last(result, "kd")).isLessThan(.5 * TokenKdTest.first(result, "kd"));
    }

    private static double state(SampleSource source, String name) {
        return java.util.Objects.requireNonNull(source.state().stateDict().get("share." + name))
                .item();
    }

    private static long[] held(SampleSource source, String name) {
        return java.util.Objects.requireNonNull(source.state().stateDict().get("share.held." + name))
                .toLongs();
    }

    /// The held-out texts are the teacher's, so the teacher itself is the better student of them.
    @Test
    void theStudentWritesMoreWhenItGetsWorse() {
        Gpt2 teacher = teacher();
        Gpt2 stranger = TokenKdTest.gpt(12, 16, 5);
        Prompts unseen = new Prompts(List.of(new int[] {9, 2}, new int[] {6}));
        DistiLlm method = new DistiLlm(PROMPTS, unseen, GREEDY, .2, .5, .05, new Divergence.SkewKl());
        SampleSource source = method.source(teacher, new Rng(1));
        source.refresh(1, teacher);
        assertThat(state(source, "share")).isEqualTo(.2);
        double expected = 0;
        int count = 0;
        long[] ids = held(source, "inputs");
        long[] targets = held(source, "targets");
        Tensor logs = teacher.call(Tensor.wrap(DType.I64, ids, 2, 7)).logSoftmax(2);
        for (int t = 0; t < targets.length; t++) {
            if (targets[t] >= 0) {
                expected -= logs.get(t / 7, t % 7, (int) targets[t]);
                count++;
            }
        }
        assertThat(count).isEqualTo(10);
        assertThat(state(source, "loss")).isCloseTo(expected / count, within(1e-5));
        source.refresh(2, stranger);
        assertThat(state(source, "loss")).isGreaterThan(expected / count + .05);
        assertThat(state(source, "share")).isEqualTo(.7);
        source.refresh(3, stranger);
        assertThat(state(source, "share")).as("not worse than before").isEqualTo(.7);
        source.refresh(4, teacher);
        source.refresh(5, stranger);
        assertThat(state(source, "share")).as("at most all").isEqualTo(1);
        SampleSource students = source(1, stranger);
        students.refresh(1, stranger);
        assertThat(inputs(source, 0)).isEqualTo(inputs(students, 0));
        SampleSource patient =
                new DistiLlm(PROMPTS, unseen, GREEDY, 0, 1, 99, new Divergence.SkewKl()).source(teacher, new Rng(1));
        patient.refresh(1, teacher);
        patient.refresh(2, stranger);
        assertThat(state(patient, "share")).isZero();
    }

    @Test
    void distiLlmLearns() throws IOException {
        Prompts unseen = new Prompts(List.of(new int[] {9, 2}));
        DistiLlm method = new DistiLlm(PROMPTS, unseen, Writing.sampling(6, -1), .5, .1, 0, new Divergence.SkewKl());
        Distilled result = run(method, 40).fit();
        assertThat(TokenKdTest.last(result, "kd")).isLessThan(.6 * TokenKdTest.first(result, "kd"));
    }

    static Stream<DistillationMethod> writers() {
        return Stream.of(
                new OnPolicyKd(PROMPTS, Writing.sampling(6, 11)),
                new DistiLlm(
                        PROMPTS,
                        new Prompts(List.of(new int[] {9, 2})),
                        Writing.sampling(6, 11),
                        .3,
                        .3,
                        0,
                        new Divergence.SkewKl()));
    }

    @ParameterizedTest
    @MethodSource("writers")
    void stoppedAndResumedIsTheSameAsUninterrupted(DistillationMethod method, @TempDir Path folder) throws IOException {
        Distilled straight = run(method, 6).fit();
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
        assertThatThrownBy(() -> run(method, 6).folder(folder).listener(stop).fit())
                .isInstanceOf(TrainingStopped.class);
        Distilled resumed = run(method, 6).folder(folder).fit();
        straight.student()
                .stateDict()
                .forEach((name, tensor) -> assertThat(java.util.Objects.requireNonNull(
                                        resumed.student().stateDict().get(name))
                                .toFloats())
                        .as(name)
                        .containsExactly(tensor.toFloats()));
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new DistiLlm(PROMPTS, PROMPTS, GREEDY, 2, .1, 0, new Divergence.SkewKl()))
                .hasMessageContaining("initial share in [0, 1], got 2");
        assertThatThrownBy(() -> new DistiLlm(PROMPTS, PROMPTS, GREEDY, 0, 0, 0, new Divergence.SkewKl()))
                .hasMessageContaining("step in (0, 1], got 0");
        assertThatThrownBy(() -> new DistiLlm(PROMPTS, PROMPTS, GREEDY, 0, 1, -1, new Divergence.SkewKl()))
                .hasMessageContaining("distillm: expected a tolerance of at least 0, got -1");
        assertThatThrownBy(() -> new Prompts(List.of())).hasMessageContaining("expected at least one");
        assertThatThrownBy(() -> new Prompts(List.of(new int[0]))).hasMessageContaining("at least one token each");
        assertThatThrownBy(() -> new Writing(0, 1, 1, -1)).hasMessageContaining("at least 1 new token");
        assertThatThrownBy(() -> new Writing(5, 1, 2, -1)).hasMessageContaining("got 2 at 1.0");
        assertThatThrownBy(() -> new OnPolicyKd(PROMPTS, GREEDY, 1.5, new Divergence.ForwardKl(), 1))
                .hasMessageContaining("share in [0, 1], got 1.5");
        assertThatThrownBy(() -> new OnPolicyKd(PROMPTS, GREEDY, 1, new Divergence.ForwardKl(), 0))
                .hasMessageContaining("positive temperature");
        assertThatThrownBy(() -> new SequenceKd(PROMPTS, new Writing(20, 0, 1, -1)).source(teacher(), new Rng(1)))
                .hasMessageContaining("at most 16 tokens, the teacher's context, got 23");
        assertThatThrownBy(() -> new SequenceKd(PROMPTS, GREEDY)
                        .source(new dev.retort.nn.layer.Linear(2, 2, new Rng(1)), new Rng(1)))
                .hasMessageContaining("expected a network that writes, a Decoder, got Linear");
        assertThat(new Prompts(List.of(new int[] {3, 5}))).hasToString("Prompts[1, " + hash() + "]");
    }

    private static String hash() {
        return Integer.toHexString(java.util.Arrays.deepHashCode(new int[][] {{3, 5}}));
    }
}
