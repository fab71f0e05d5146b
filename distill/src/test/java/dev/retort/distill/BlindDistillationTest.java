package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.BlindDistillation;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.method.Slam;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class BlindDistillationTest {
    private static final Clusters DATA = new Clusters(1, 60, 40, 40, 300);

    private static Layer teacher() {
        return Clusters.mlp(24).create(new Rng(3));
    }

    /// The gradient with respect to the logits is softmax(student) − softmax(teacher).
    @Test
    void gradientAtTemperatureOne() {
        Tensor student = Random.normal(new Rng(1), 0, 2, DType.F64, 3, 5).requiresGrad(true);
        Tensor teacher = Random.normal(new Rng(2), 0, 2, DType.F64, 3, 5);
        double[] gradient =
                Autograd.grad(HintonKd.divergence(student, teacher, 1).sum(), student)[0].toDoubles();
        double[] expected = student.detach().softmax(1).sub(teacher.softmax(1)).toDoubles();
        for (int i = 0; i < gradient.length; i++) {
            assertThat(gradient[i]).isCloseTo(expected[i], within(1e-12));
        }
    }

    /// Reads of the wrapped data set.
    private static final class Watched implements Dataset {
        private final Dataset source;
        final Set<Integer> read = Collections.synchronizedSet(new TreeSet<>());

        Watched(Dataset source) {
            this.source = source;
        }

        @Override
        public int size() {
            return source.size();
        }

        @Override
        public Sample get(int index) {
            read.add(index);
            return source.get(index);
        }

        @Override
        public long label(int index) {
            return source.label(index);
        }
    }

    private static Distillation run(Dataset labelled, Dataset pool, DistillationMethod method) {
        return Distillation.with(teacher(), Clusters.mlp(12))
                .labelled(labelled)
                .unlabelled(pool)
                .training(Clusters.training(2).withEvery(0, 0).withBatchSize(16, 1))
                .method(method);
    }

    /// Training never shows a labelled sample to the student: its inputs have a mark that no batch has.
    @Test
    void noLabelledSampleReachesTheBlindPhase() throws IOException {
        Dataset marked = new TensorDataset(Tensor.full(99, DType.F32, 20, Clusters.SIZE), Tensor.zeros(DType.I64, 20));
        List<Float> seen = Collections.synchronizedList(new ArrayList<>());
        Transform watch = (input, rng) -> {
            seen.add(input.toFloats()[0]);
            return input;
        };
        Training training = Clusters.training(1).withEvery(0, 0).withTransforms(watch, Transform.IDENTITY);
        run(marked, DATA.pool, new BlindDistillation()).training(training).fit();
        assertThat(seen).hasSizeGreaterThanOrEqualTo(40).doesNotContain(99f);
        seen.clear();
        run(marked, DATA.pool, new HintonKd()).training(training).fit();
        assertThat(seen).as("other methods do show it").contains(99f);
    }

    @Test
    void onTheLabelledImagesItIsVanillaDistillation() throws IOException {
        Map<String, float[]> blind = Clusters.snapshot(
                run(DATA.labelled, DATA.pool, new BlindDistillation()).fit().student());
        Map<String, float[]> other = Clusters.snapshot(Distillation.with(teacher(), Clusters.mlp(12))
                .unlabelled(DATA.pool)
                .training(Clusters.training(2).withEvery(0, 0).withBatchSize(16, 1))
                .method(new HintonKd(1, 0, 1))
                .fit()
                .student());
        // An epoch has more steps with labelled samples beside the pool; without them all is equal.
        Map<String, float[]> same = Clusters.snapshot(Distillation.with(teacher(), Clusters.mlp(12))
                .unlabelled(DATA.pool)
                .training(Clusters.training(2).withEvery(0, 0).withBatchSize(16, 1))
                .method(new BlindDistillation())
                .fit()
                .student());
        assertThat(blind.keySet()).isEqualTo(other.keySet());
        other.forEach(
                (name, values) -> assertThat(Clusters.of(same, name)).as(name).containsExactly(values));
    }

    @Test
    void fineTuningUsesSoManySamplesAClassAtALowerRate() throws IOException {
        long[] labels = {0, 1, 0, 1, 0, 1, 0, -1, -1};
        BlindDistillation method = new BlindDistillation().withPerClass(2);
        List<Stage> stages = method.stages();
        assertThat(stages).extracting(Stage::name).containsExactly("blind", "fine-tune");
        assertThat(stages.get(1).rate()).isEqualTo(.1);
        assertThat(stages.get(1).student()).isEqualTo(Stage.Start.CONTINUED);
        int[] chosen = stages.get(1).objective().members(labels, new Rng(5));
        assertThat(chosen).hasSize(4).isSorted().doesNotHaveDuplicates();
        assertThat(java.util.Arrays.stream(chosen).filter(i -> labels[i] == 1)).hasSize(2);
        assertThat(stages.get(1).objective().members(labels, new Rng(6)))
                .as("a random choice")
                .isNotEqualTo(chosen);
        assertThat(stages.get(0).objective().members(labels, new Rng(5))).containsExactly(7, 8);
        assertThat(new BlindDistillation()
                        .withPerClass(4)
                        .stages()
                        .get(1)
                        .objective()
                        .members(labels, new Rng(5)))
                .as("all of a class that has fewer")
                .containsExactly(0, 1, 2, 3, 4, 5, 6);

        Watched watched = new Watched(DATA.labelled);
        Distilled result = run(watched, DATA.pool, method.withPerClass(1)).fit();
        assertThat(result.reports()).extracting(EpochReport::stage).contains("blind", "fine-tune");
        double blindRate = result.reports().getFirst().lr();
        assertThat(result.reports().getLast().lr()).isLessThan(.1 * blindRate + 1e-9);
    }

    /// A teacher of Gaussian clusters, a pool of broad noise around them: the student agrees with it far
    /// above chance, though it has never seen a cluster.
    @Test
    void noiseCarriesTheTeacherOver() throws IOException {
        Clusters rich = new Clusters(40, 1500, 1, 1, 1000);
        Layer teacher = rich.teacher(20, 1);
        Tensor noise = Random.normal(new Rng(9), 0, 1.6, DType.F32, 3000, Clusters.SIZE);
        Dataset pool = new TensorDataset(noise, Tensor.zeros(DType.I64, 3000));
        Distilled student = Distillation.with(teacher, Clusters.mlp(64))
                .unlabelled(pool)
                .training(Clusters.training(15).withEvery(0, 0))
                .method(new BlindDistillation())
                .fit();
        double agreement = student.predict(rich.test).agreement(Predictions.of(teacher, rich.test, Transform.IDENTITY));
        assertThat(agreement).isGreaterThan(.5);
    }

    @Test
    void theTemperatureScalesTheLoss() {
        assertThatThrownBy(() -> new BlindDistillation().withTemperature(0)).hasMessageContaining("temperature");
        assertThatThrownBy(() -> new BlindDistillation(1, true, -1, 1, 1)).hasMessageContaining("perClass");
        assertThatThrownBy(() -> new Stage("x", new LabelsOnly(), Stage.Start.FRESH, Stage.Source.GIVEN, 1, 0))
                .hasMessageContaining("learning rate");
    }

    @Test
    void withoutAPoolItSaysSo() {
        assertThatThrownBy(() -> Distillation.with(teacher(), Clusters.mlp(12))
                        .labelled(DATA.labelled)
                        .method(new BlindDistillation())
                        .fit())
                .hasMessageContaining("stage blind expected unlabelled samples, got none");
    }

    /// With the validation set in training its samples are learnt, α is still fitted to it, and no accuracy
    /// is reported for samples that were trained on.
    @Test
    void slamMayTrainOnTheValidationSetToo() throws IOException {
        Watched watched = new Watched(DATA.validation);
        List<Float> seen = Collections.synchronizedList(new ArrayList<>());
        Transform watch = (input, rng) -> {
            seen.add(input.toFloats()[0]);
            return input;
        };
        Training training = Clusters.training(1).withTransforms(watch, Transform.IDENTITY);
        float mark = DATA.validation.get(7).input().toFloats()[0];
        Distilled without = run(DATA.labelled, DATA.pool, new Slam())
                .validation(watched)
                .training(training)
                .fit();
        assertThat(seen).doesNotContain(mark);
        assertThat(without.reports()).allMatch(EpochReport::isEvaluated);
        Distilled with = run(DATA.labelled, DATA.pool, new Slam().withValidation(true))
                .validation(watched)
                .training(training)
                .fit();
        assertThat(seen).contains(mark);
        assertThat(with.reports()).noneMatch(EpochReport::isEvaluated);
        assertThatThrownBy(() -> run(DATA.labelled, DATA.pool, new Slam().withValidation(true))
                        .fit())
                .hasMessageContaining("validation set to train on");
    }
}
