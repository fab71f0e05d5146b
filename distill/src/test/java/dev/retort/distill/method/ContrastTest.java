package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ContrastTest {
    private static final Tap TAP = Tap.output("body");

    @Test
    void noiseContrastByHand() {
        // N = 10, K = 2: K/N = .2.
        Tensor p = Tensor.of(new double[] {.6, .1, .3}, 1, 3);
        double expected = -(Math.log(.6 / .8) + Math.log(.2 / .3) + Math.log(.2 / .5));
        assertThat(CrdLoss.noiseContrast(p, 10).item()).isCloseTo(expected, within(1e-5));
    }

    @Test
    void negativesAreOfOtherClassesAndDoNotRepeatWhereThereAreEnough() {
        long[] classes = {0, 0, 1, 1, 2, 2, 2, 2};
        CrdNegatives negatives = new CrdNegatives(classes, 3, 4);
        int[] indices = {0, 3, 5};
        long[] drawn = negatives.draw(indices, new Rng(8)).toLongs();
        for (int row = 0; row < 3; row++) {
            assertThat(drawn[row * 5]).isEqualTo(indices[row]);
            Set<Long> seen =
                    Arrays.stream(drawn, row * 5 + 1, row * 5 + 5).boxed().collect(Collectors.toSet());
            assertThat(seen).hasSize(4);
            for (long other : seen) {
                assertThat(classes[(int) other]).isNotEqualTo(classes[indices[row]]);
            }
        }
        CrdNegatives more = new CrdNegatives(classes, 3, 100);
        assertThat(more.count()).as("capped at what the classes allow").isEqualTo(6);
        assertThat(more.draw(new int[] {5}, new Rng(8)).toLongs())
                .as("class 2 has four others, repeated")
                .hasSize(7);
        assertThatThrownBy(() -> new CrdNegatives(new long[] {1, 1}, 2, 3)).hasMessageContaining("got only class 1");
    }

    private static Setup setup(int samples) {
        long[] labels = new long[samples];
        for (int i = 0; i < samples; i++) {
            labels[i] = i % 3 == 0 ? -1 : i % 2;
        }
        return new Setup(
                Map.of(TAP, Shape.of(5)),
                Map.of(TAP, Shape.of(2, 3)),
                2,
                labels,
                Random.normal(new Rng(6), samples, 2),
                null,
                new long[0],
                new Rng(5));
    }

    private static Term contrast(Crd crd, Setup setup) {
        List<Term> terms = crd.terms(setup);
        return terms.stream()
                .filter(term -> term.name().equals("crd"))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void memoryMovesTowardsTheEmbeddingAfterTheStepOnly() {
        Crd crd = new Crd(TAP, TAP, .8, 4, 3, .07, .5, HintonKd.labelsOnly());
        Term term = contrast(crd, setup(9));
        Module memory = Objects.requireNonNull(term.loss().adapters());
        Tensor bank = memory.stateDict().get("memory_s");
        Tensor before = Objects.requireNonNull(bank).copy();
        StepBatch batch = Steps.batch(new long[] {-1, 0}, 6, 2);
        Step step = Steps.features(batch, TAP, Random.normal(new Rng(1), 2, 5), Random.normal(new Rng(2), 2, 2, 3));
        double first = term.loss().sum(step).item();
        assertThat(first).isPositive();
        assertThat(bank.toFloats()).containsExactly(before.toFloats());
        double z = Objects.requireNonNull(memory.stateDict().get("normaliser")).get(0);
        assertThat(z).isPositive();
        term.loss().afterStep(step);
        for (int row = 0; row < 9; row++) {
            boolean touched = row == 6 || row == 2;
            assertThat(Arrays.equals(
                            bank.select(0, row).toFloats(),
                            before.select(0, row).toFloats()))
                    .as("row %d", row)
                    .isEqualTo(!touched);
            if (touched) {
                assertThat(bank.select(0, row).norm().item()).isCloseTo(1, within(1e-6));
            }
        }
        term.loss().sum(step);
        assertThat(Objects.requireNonNull(memory.stateDict().get("normaliser")).get(0))
                .as("the normaliser is that of the first batch")
                .isEqualTo(z);
    }

    @Test
    void needsIndicesAndTaps() {
        Crd crd = new Crd(TAP, TAP);
        assertThat(crd.needs()).hasSize(4);
        assertThat(crd.negatives()).isEqualTo(16384);
        assertThatThrownBy(() -> new Crd(TAP, TAP, 1, 4, 3, 0, .5, HintonKd.labelsOnly()))
                .hasMessageContaining("positive temperature");
    }
}
