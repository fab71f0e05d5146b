package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Architecture;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DgkdTest {
    private static final StepBatch BATCH = Steps.batch(0, -1);

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static LossTerm guides(double survival) {
        Architecture assistant = new Architecture("a", rng -> {
            throw new IllegalStateException("no network is needed");
        });
        Setup setup = new Setup(Map.of(), Map.of(), 3, new long[2], null, null, new long[0], new Rng(1));
        return new Dgkd(List.of(assistant), 2, 1, 1, survival)
                .terms(setup)
                .getLast()
                .loss();
    }

    private static Step step(Tensor student, Tensor guides, long seed) {
        return new Step(
                BATCH,
                1,
                new Rng(seed),
                List.of(List.of(Map.of(Tap.LOGITS, student))),
                List.of(Map.of(TeacherEnsemble.EACH, guides)),
                null);
    }

    @Test
    void theLossIsTheMeanOverAllGuides() {
        Tensor student = normal(1, 2, 3);
        Tensor guides = normal(2, 2, 4, 3);
        double expected = 0;
        for (int k = 0; k < 4; k++) {
            expected +=
                    HintonKd.divergence(student, guides.select(1, k), 2).sum().item() / 4;
        }
        assertThat(guides(1).sum(step(student, guides, 1)).item()).isCloseTo(expected, within(1e-12));
        assertThat(guides(1).count(BATCH)).isEqualTo(2);
        GradCheck.defaults()
                .firstOrder("guides", in -> new Tensor[] {guides(1).sum(step(in[0], guides, 1))}, student)
                .verify();
    }

    @Test
    void guidesThatAreDroppedAddNothing() {
        Tensor student = normal(1, 2, 3);
        Tensor guides = normal(2, 2, 2, 3);
        double first =
                HintonKd.divergence(student, guides.select(1, 0), 2).sum().item() / 2;
        double second =
                HintonKd.divergence(student, guides.select(1, 1), 2).sum().item() / 2;
        int[] met = new int[3];
        for (int seed = 0; seed < 40; seed++) {
            double sum = guides(.5).sum(step(student, guides, seed)).item();
            boolean both = Math.abs(sum - first - second) < 1e-12;
            boolean one = Math.abs(sum - first) < 1e-12;
            boolean other = Math.abs(sum - second) < 1e-12;
            assertThat(both || one || other).isTrue();
            met[both ? 0 : one ? 1 : 2]++;
        }
        assertThat(met[0]).isPositive();
        assertThat(met[1]).isPositive();
        assertThat(met[2]).isPositive();
    }

    @Test
    void aShareSurvivesAndAtLeastOneStays() {
        int kept = 0;
        for (int seed = 0; seed < 500; seed++) {
            boolean[] stays = Dgkd.staying(4, .75, new Rng(seed));
            for (boolean stay : stays) {
                kept += stay ? 1 : 0;
            }
            assertThat(Dgkd.staying(3, 1e-9, new Rng(seed))).containsOnlyOnce(true);
            assertThat(Dgkd.staying(1, .01, new Rng(seed))).containsExactly(true);
        }
        assertThat(kept / 2000.0).isCloseTo(.75, within(.05));
    }
}
