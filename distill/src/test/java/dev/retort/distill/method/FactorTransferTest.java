package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.EpochReport;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.Term;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class FactorTransferTest {
    private static final Tap TAP = Tap.output("body.stage2");

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    @Test
    void differenceByHandAndByDifferences() {
        Tensor own = Tensor.of(new double[] {3, 4}, 1, 2, 1, 1); // (.6, .8)
        Tensor wanted = Tensor.of(new double[] {0, 2}, 1, 2, 1, 1); // (0, 1)
        assertThat(FactorTransfer.difference(own, wanted).item()).isCloseTo((.6 + .2) / 2, within(1e-12));
        Tensor x = normal(1, 2, 3, 4, 4);
        assertThat(FactorTransfer.difference(x.mul(5.0), x).item()).isCloseTo(0, within(1e-12));
        Tensor small = normal(2, 2, 3, 2, 2);
        GradCheck.defaults()
                .firstOrder("factor", in -> new Tensor[] {FactorTransfer.difference(in[0], small)}, x)
                .verify();
    }

    /// The paraphraser learns first, by reconstruction alone; the student's loss never reaches it.
    @Test
    void paraphraserAndStudentTakeTurns() {
        FactorTransfer method = new FactorTransfer(TAP, TAP, .5, 3, 200, HintonKd.labelsOnly());
        Setup setup = FeatureSetup.of(TAP, Shape.of(5, 4, 4), Shape.of(8, 4, 4));
        List<Term> terms = method.terms(setup);
        assertThat(terms).extracting(Term::name).containsExactly("label", "paraphrase", "factor");
        assertThat(terms).extracting(term -> term.weight(3)).containsExactly(1.0, 1.0, 0.0);
        assertThat(terms).extracting(term -> term.weight(4)).containsExactly(1.0, 0.0, 200.0);
        Tensor student = Random.normal(new Rng(1), 2, 5, 4, 4).requiresGrad(true);
        Tensor teacher = Random.normal(new Rng(2), 2, 8, 4, 4);
        Step step = Steps.features(Steps.batch(0, 1), TAP, student, teacher);
        Module paraphraser = Objects.requireNonNull(terms.get(1).loss().adapters());
        Module translator = Objects.requireNonNull(terms.get(2).loss().adapters());
        terms.get(2).loss().sum(step).backward();
        assertThat(student.grad()).isNotNull();
        assertThat(translator.parameters()).noneMatch(parameter -> parameter.grad() == null);
        assertThat(paraphraser.parameters()).hasSize(12).allMatch(parameter -> parameter.grad() == null);
        terms.get(1).loss().sum(step).backward();
        assertThat(paraphraser.parameters()).noneMatch(parameter -> parameter.grad() == null);
    }

    @Test
    void bothLossesFall() throws IOException {
        Tensor labels = Tensor.arange(32).remainder(Tensor.scalar(DType.I64, 3));
        List<EpochReport> reports = Distillation.with(
                        new SmallCnn(SmallCnn.Config.of(1, 3, 6, 8), new Rng(1)),
                        rng -> new SmallCnn(SmallCnn.Config.of(1, 3, 4, 5), rng))
                .labelled(new TensorDataset(Random.uniform(new Rng(2), 32, 1, 8, 8), labels))
                .method(new FactorTransfer(TAP, TAP, .5, 3, 200, HintonKd.labelsOnly()))
                .training(Training.defaults().withEpochs(8).withBatchSize(16, 1))
                .fit()
                .reports();
        assertThat(fall(reports.subList(0, 3), "paraphrase")).isPositive();
        assertThat(fall(reports.subList(3, 8), "factor")).isPositive();
    }

    private static double fall(List<EpochReport> reports, String term) {
        return reports.getFirst().terms().getOrDefault(term, Double.NaN)
                - reports.getLast().terms().getOrDefault(term, Double.NaN);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new FactorTransfer(TAP, TAP, 0, 1, 1, HintonKd.labelsOnly()))
                .hasMessageContaining("positive rate of factors, got 0");
        assertThatThrownBy(() -> new FactorTransfer(TAP, TAP, 1, 0, 1, HintonKd.labelsOnly()))
                .hasMessageContaining("at least 1 epoch for the paraphraser, got 0");
        assertThatThrownBy(() -> new FactorTransfer(TAP, TAP).terms(FeatureSetup.of(TAP, Shape.of(2), Shape.of(2))))
                .hasMessageContaining("ft: expected maps");
    }
}
