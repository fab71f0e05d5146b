package dev.retort.distill.active;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.OptimizerChoice;
import dev.retort.distill.ScheduleChoice;
import dev.retort.distill.Training;
import dev.retort.distill.TrainingStopped;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.method.FitNet;
import dev.retort.distill.method.HardPseudoLabels;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.Slam;
import dev.retort.distill.method.SoftLabels;
import dev.retort.distill.method.WeightedDistillation;
import dev.retort.distill.select.Badge;
import dev.retort.distill.select.CoreSet;
import dev.retort.distill.select.MostUncertain;
import dev.retort.distill.select.Rad;
import dev.retort.distill.select.Selection;
import dev.retort.distill.select.Selector;
import dev.retort.distill.select.Uncertainty;
import dev.retort.distill.select.Uniform;
import dev.retort.distill.select.Unixkd;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.distill.teacher.FunctionTeacher;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.distill.teacher.Price;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ActiveDistillationTest {
    private static final Tap EMBEDDING = Tap.output("layers.relu1");
    private static final Layer TRUTH = new Mlp(Mlp.Config.of(6, 4, 16), new Rng(99));

    private static Dataset data(int n, long seed) {
        Tensor inputs = Random.normal(new Rng(seed), n, 6);
        return new TensorDataset(inputs, TRUTH.call(inputs).detach().argmax(1));
    }

    private static NetworkFactory students() {
        return rng -> new Mlp(Mlp.Config.of(6, 4, 12), rng);
    }

    private static Training training() {
        return Training.defaults()
                .withEpochs(3)
                .withBatchSize(16, 1)
                .withOptimizer(new OptimizerChoice.OfAdam(Adam.Config.of(1e-2)), new ScheduleChoice.Cosine(0, 0))
                .withEvery(0, 4);
    }

    /// Answers by the true network and writes down what it was asked.
    private static final class Counting implements Teacher {
        private final Teacher source = new LiveTeacher(TRUTH);
        private final List<Integer> pool = new ArrayList<>();
        private final String poolId;
        private int others;

        Counting(Dataset pool) {
            poolId = Fingerprint.of(pool);
        }

        @Override
        public String fingerprint() {
            return "truth";
        }

        @Override
        public Map<Tap, Tensor> answer(TeacherQuery query) {
            if (query.dataset().equals(poolId)) {
                Arrays.stream(query.indices()).forEach(pool::add);
            } else {
                others += query.indices().length;
            }
            return source.answer(query);
        }
    }

    private static ActiveDistillation run(Teacher teacher) {
        return ActiveDistillation.with(teacher, students())
                .labelled(data(24, 1))
                .pool(withoutLabels(data(200, 2)))
                .validation(data(40, 3))
                .test(data(100, 4))
                .embedding(EMBEDDING)
                .training(training())
                .budget(50, 3);
    }

    private static Dataset withoutLabels(Dataset data) {
        return new Dataset() {
            @Override
            public int size() {
                return data.size();
            }

            @Override
            public Sample get(int index) {
                return new Sample(data.get(index).input(), Tensor.scalar(DType.I64, 999));
            }
        };
    }

    @Test
    void onlyChosenSamplesAreAskedAbout() throws IOException {
        Counting teacher = new Counting(withoutLabels(data(200, 2)));
        ActiveResult result = run(teacher)
                .selector(new Rad())
                .price(Price.perRow("0.01", "EUR"))
                .fit();
        assertThat(teacher.pool).hasSize(50).doesNotHaveDuplicates();
        assertThat(teacher.others).as("the validation set, once").isEqualTo(40);
        assertThat(result.queried())
                .containsExactlyInAnyOrder(
                        teacher.pool.stream().mapToInt(i -> i).toArray());
        assertThat(result.rounds().stream().map(Round::number)).containsExactly(0, 1, 2, 3);
        assertThat(result.rounds().stream().map(Round::left)).containsExactly(200, 200, 183, 166);
        assertThat(result.bill().amount()).isEqualByComparingTo("0.90");
        assertThat(result.bill().rows()).isEqualTo(90);
        assertThat(result.teacherAccuracy()).isEqualTo(1);
        assertThat(result.accuracies()).allMatch(a -> a > .2 && a <= 1);
        Round last = result.rounds().getLast();
        assertThat(last.chosen()).isNotNull();
        Tensor inputs = Tensor.stack(
                0,
                Arrays.stream(last.chosen().indices())
                        .mapToObj(i -> data(200, 2).get(i).input())
                        .toArray(Tensor[]::new));
        assertThat(last.answers()).isNotNull();
        assertThat(last.answers().toFloats())
                .as("answers belong to the chosen samples, in their order")
                .containsExactly(TRUTH.call(inputs).detach().toFloats());
    }

    @Test
    void theTeacherIsJudgedBeforeAnythingIsTrained() {
        Teacher gone = new FunctionTeacher("gone", _ -> {
            throw new IllegalStateException("nobody is there");
        });
        List<Integer> trained = new ArrayList<>();
        ActiveListener listener = new ActiveListener() {
            @Override
            public void finished(Round round) {
                trained.add(round.number());
            }
        };
        assertThatThrownBy(
                        () -> run(gone).selector(new Rad()).listener(listener).fit())
                .hasMessage("nobody is there");
        assertThat(trained).isEmpty();
    }

    @Test
    void nothingIsPaidForWhatNobodyUses() throws IOException {
        Counting teacher = new Counting(withoutLabels(data(200, 2)));
        run(teacher).selector(new Uniform()).method(new HintonKd(1, 0, 1)).fit();
        assertThat(teacher.others).isZero();
        assertThat(teacher.pool).hasSize(50);
    }

    @Test
    void everySelectorGoesWithEveryMethod() throws IOException {
        List<Selector> selectors = List.of(
                Rad.lossAware(), new MostUncertain(Uncertainty.ENTROPY), new CoreSet(), new Badge(), new Unixkd());
        List<DistillationMethod> methods = List.of(
                new SoftLabels(), new HardPseudoLabels(), new Slam(), new WeightedDistillation(), new HintonKd());
        for (Selector selector : selectors) {
            for (DistillationMethod method : methods) {
                ActiveResult result = run(new LiveTeacher(TRUTH))
                        .selector(selector)
                        .method(method)
                        .budgets(20, 10)
                        .training(training().withEpochs(1))
                        .fit();
                assertThat(result.queried()).as(selector.name()).hasSize(30).doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void moreLabelsMakeABetterStudent() throws IOException {
        ActiveResult result = run(new LiveTeacher(TRUTH))
                .pool(data(600, 2))
                .selector(new Rad())
                .budget(450, 3)
                .training(training().withEpochs(12))
                .fit();
        assertThat(result.accuracies().getLast())
                .isGreaterThan(result.accuracies().getFirst() + .05);
    }

    @Test
    void mixturesAreDataOfTheirOwn() throws IOException {
        Counting teacher = new Counting(withoutLabels(data(200, 2)));
        ActiveResult result = run(teacher).selector(new Unixkd()).fit();
        assertThat(teacher.pool).isEmpty();
        assertThat(teacher.others)
                .as("SoftLabels asks to judge the teacher too")
                .isEqualTo(50 + 40);
        Round first = result.rounds().get(1);
        assertThat(first.chosen()).isNotNull();
        Selection.Pick pick = first.chosen().picks().getLast();
        Dataset pool = data(200, 2);
        assertThat(pick.blend()).isNotNull();
        Tensor mixed = pool.get(pick.index())
                .input()
                .mul(1 - pick.blend().weight())
                .add(pool.get(pick.blend().partner()).input().mul(pick.blend().weight()));
        assertThat(first.answers()).isNotNull();
        assertThat(first.answers().select(0, first.chosen().size() - 1).toFloats())
                .containsExactly(
                        TRUTH.call(mixed.unsqueeze(0)).detach().toFloats(),
                        org.assertj.core.api.Assertions.within(1e-5f));
    }

    @Test
    void endsWhenThePoolIsUsedUp() throws IOException {
        ActiveResult result = run(new LiveTeacher(TRUTH))
                .pool(data(30, 2))
                .budgets(20, 20, 20)
                .fit();
        assertThat(result.queried()).hasSize(30).doesNotHaveDuplicates();
        assertThat(result.rounds()).hasSize(3);
        assertThat(result.rounds().getLast().left()).isEqualTo(10);
    }

    @Test
    void continuedStudentsStartFromTheRoundBefore() throws IOException {
        Training still = training()
                .withEpochs(1)
                .withOptimizer(new OptimizerChoice.OfAdam(Adam.Config.of(1e-12)), new ScheduleChoice.Cosine(0, 0));
        ActiveResult continued = run(new LiveTeacher(TRUTH))
                .training(still)
                .retraining(Retraining.CONTINUED)
                .fit();
        ActiveResult fresh = run(new LiveTeacher(TRUTH)).training(still).fit();
        assertThat(weights(continued, 3))
                .containsExactly(weights(continued, 0), org.assertj.core.api.Assertions.within(1e-6f));
        assertThat(weights(fresh, 3)).isNotEqualTo(weights(fresh, 0));
        assertThat(weights(fresh, 0)).containsExactly(weights(continued, 0));
    }

    private static float[] weights(ActiveResult result, int round) {
        return result.rounds()
                .get(round)
                .student()
                .student()
                .stateDict()
                .values()
                .iterator()
                .next()
                .toFloats();
    }

    /// Stops after ever more training steps; every run goes on from the files of the one before.
    @Test
    void resumedRunsHaveTheSameBitsAndAskNothingTwice(@TempDir Path folder) throws IOException {
        ActiveResult whole = run(new LiveTeacher(TRUTH))
                .selector(new Rad())
                .method(new Slam())
                .fit();
        Counting teacher = new Counting(withoutLabels(data(200, 2)));
        ActiveResult pieces = null;
        int stops = 0;
        while (pieces == null) {
            int limit = 11;
            int[] steps = {0};
            ActiveListener impatient = new ActiveListener() {
                @Override
                public void step(long step, int samples, double loss) {
                    steps[0]++;
                }

                @Override
                public boolean stopRequested() {
                    return steps[0] >= limit;
                }
            };
            try {
                pieces = run(teacher)
                        .selector(new Rad())
                        .method(new Slam())
                        .listener(impatient)
                        .folder(folder)
                        .fit();
            } catch (TrainingStopped e) {
                stops++;
            }
        }
        assertThat(stops).isGreaterThan(1);
        assertThat(teacher.pool).hasSize(50).doesNotHaveDuplicates();
        assertThat(teacher.others).isEqualTo(40);
        assertThat(pieces.queried()).containsExactly(whole.queried());
        assertThat(weights(pieces, 3)).containsExactly(weights(whole, 3));
        assertThat(pieces.bill()).isEqualTo(whole.bill());
        for (int round = 1; round <= 3; round++) {
            Selection resumed = pieces.rounds().get(round).chosen();
            Selection direct = whole.rounds().get(round).chosen();
            assertThat(resumed).isNotNull();
            assertThat(direct).isNotNull();
            assertThat(resumed.picks()).isEqualTo(direct.picks());
            assertThat(resumed.score()).isEqualTo(direct.score());
            assertThat(resumed.marginals()).containsExactly(direct.marginals());
            assertThat(resumed.game()).usingRecursiveComparison().isEqualTo(direct.game());
        }
        assertThatThrownBy(() -> run(teacher)
                        .selector(new Uniform())
                        .method(new Slam())
                        .folder(folder)
                        .fit())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("holds another run");
    }

    @Test
    void whatIsMissingIsSaidBeforeAnythingIsPaid() {
        Counting teacher = new Counting(withoutLabels(data(200, 2)));
        assertThatThrownBy(() -> ActiveDistillation.with(teacher, students()).fit())
                .hasMessageContaining("got 0 labelled, a pool of 0 and 0 rounds");
        ActiveDistillation bare = ActiveDistillation.with(teacher, students())
                .labelled(data(9, 1))
                .pool(data(9, 2));
        assertThatThrownBy(() -> bare.budget(9, 1).selector(new Rad()).fit()).hasMessageContaining("validation set");
        assertThatThrownBy(() -> bare.selector(new Badge()).fit()).hasMessageContaining("tap of an embedding");
        assertThatThrownBy(() -> bare.budget(2, 3)).hasMessageContaining("3 rounds and 2 samples");
        assertThatThrownBy(() -> bare.budgets(3, 0)).hasMessageContaining("[3, 0]");
        assertThatThrownBy(() -> run(teacher)
                        .selector(new Uniform())
                        .method(new FitNet(EMBEDDING, EMBEDDING))
                        .fit())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("logits of clean inputs");
        assertThat(teacher.others).isZero();
    }
}
