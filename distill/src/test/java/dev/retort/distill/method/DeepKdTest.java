package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.GradientRule;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DeepKdTest {
    private static final Dkd LOSS = new Dkd(2, 1, 8, 1);
    private static final Tensor CLASSES = Tensor.of(new long[] {2, 0, 4, 1});

    private final Tensor student = Random.normal(new Rng(1), 0, 2, DType.F64, 4, 6);
    private final Tensor teacher = Random.normal(new Rng(2), 0, 2, DType.F64, 4, 6);

    /// Σ p ln(p/q) over the k best other classes, each side normalised over them.
    private double expected(int i, int k) {
        double[] t = teacher.select(0, i).toDoubles();
        double[] s = student.select(0, i).toDoubles();
        int y = (int) CLASSES.toLongs()[i];
        int[] best = IntStream.range(0, 6)
                .filter(j -> j != y)
                .boxed()
                .sorted((a, b) -> Double.compare(t[b], t[a]))
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
        double p = 0;
        double q = 0;
        for (int j : best) {
            p += Math.exp(t[j] / 2);
            q += Math.exp(s[j] / 2);
        }
        double sum = 0;
        for (int j : best) {
            double share = Math.exp(t[j] / 2) / p;
            sum += 4 * share * Math.log(share / (Math.exp(s[j] / 2) / q));
        }
        return sum;
    }

    @Test
    void comparesTheTeachersBestOtherClasses() {
        for (int k = 1; k <= 5; k++) {
            Tensor rows = DeepKd.others(student, teacher, CLASSES, 2, k);
            for (int i = 0; i < 4; i++) {
                assertThat(rows.get(i)).isCloseTo(expected(i, k), within(1e-9));
            }
        }
        assertThat(DeepKd.others(student, teacher, CLASSES, 2, 5).toDoubles())
                .containsExactly(Dkd.others(student, teacher, CLASSES, 2).toDoubles(), within(1e-9));
        GradCheck.defaults()
                .firstOrder("deepkd", in -> new Tensor[] {DeepKd.others(in[0], teacher, CLASSES, 2, 3)}, student)
                .verify();
    }

    @Test
    void moreAndMoreClassesAreCompared() {
        DeepKd method = new DeepKd(LOSS, .9, .05, 0, .2, 4);
        int[] counts = IntStream.rangeClosed(1, 7)
                .map(epoch -> method.compared(epoch, 10))
                .toArray();
        assertThat(counts).containsExactly(2, 4, 6, 8, 10, 10, 10);
        assertThat(new DeepKd(LOSS).compared(1, 9)).as("one alone says nothing").isEqualTo(2);
        assertThat(new DeepKd(LOSS).compared(1, 1)).isEqualTo(1);
        Setup setup = new Setup(Map.of(), Map.of(), 6, new long[4], null, null, new long[0], new Rng(1));
        LossTerm others =
                new DeepKd(LOSS, .9, .05, 0, .4, 3).terms(setup).getLast().loss();
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        for (int[] pair : new int[][] {{1, 2}, {2, 3}, {3, 4}, {4, 5}, {9, 5}}) {
            Step step = new Step(
                    batch,
                    pair[0],
                    new Rng(0),
                    List.of(List.of(Map.of(Tap.LOGITS, student))),
                    List.of(Map.of(Tap.LOGITS, teacher)),
                    null);
            double sum = 0;
            for (int i = 0; i < 4; i++) {
                sum += expected(i, pair[1]);
            }
            assertThat(others.sum(step).item()).isCloseTo(sum, within(1e-9));
        }
        assertThat(others.count(batch)).isEqualTo(4);
    }

    @Test
    void everyTermHasItsMomentum() {
        DeepKd method = new DeepKd(LOSS, .5, .25, 0, .2, 4);
        GradientRule rule = method.gradients();
        Setup setup = new Setup(Map.of(), Map.of(), 6, new long[4], null, null, new long[0], new Rng(1));
        assertThat(method.terms(setup).stream().map(rule::group)).containsExactly(0, 1, 2);
        assertThat(method.terms(setup)).extracting(Term::weight).containsExactly(1.0, 1.0, 8.0);
        List<Map<String, Tensor>> gradients = List.of(one(1), one(10), one(100));
        Map<String, Parameter> parameters = Map.of("w", new Parameter(Tensor.of(new double[] {0})));
        assertThat(of(rule.combine(gradients, parameters))).isEqualTo(111);
        assertThat(of(rule.combine(gradients, parameters))).isEqualTo(1.75 + 12.5 + 175);
    }

    private static Map<String, Tensor> one(double value) {
        return Map.of("w", Tensor.of(new double[] {value}));
    }

    private static double of(Map<String, Tensor> gradients) {
        return Objects.requireNonNull(gradients.get("w")).item();
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new DeepKd(LOSS, .9, .1, 0, .1, 1))
                .hasMessageContaining("deepkd: expected a momentum");
        assertThatThrownBy(() -> new DeepKd(LOSS, .9, .05, -1, .1, 1))
                .hasMessageContaining("deepkd: expected a weight");
        assertThatThrownBy(() -> new DeepKd(LOSS, .9, .05, 0, 0, 1)).hasMessageContaining("share of classes in (0, 1]");
        assertThatThrownBy(() -> new DeepKd(LOSS, .9, .05, 0, .1, 0)).hasMessageContaining("epoch of growth, got 0");
    }
}
