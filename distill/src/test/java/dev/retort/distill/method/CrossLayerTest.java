package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.Distillation;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochReport;
import dev.retort.distill.NetworkFactory;
import dev.retort.distill.Training;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Methods that relate the layers of a network: semantic calibration, and singular vectors.
class CrossLayerTest {
    private static final Tap FIRST = Tap.output("body.stage1");
    private static final Tap SECOND = Tap.output("body.stage2");

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static TapPair same(Tap tap) {
        return new TapPair(tap, tap);
    }

    private static List<EpochReport> run(NetworkFactory students, DistillationMethod method, int images)
            throws IOException {
        Tensor labels = Tensor.arange(images).remainder(Tensor.scalar(DType.I64, 3));
        return Distillation.with(new SmallCnn(SmallCnn.Config.of(1, 3, 6, 8), new Rng(1)), students)
                .labelled(new TensorDataset(Random.uniform(new Rng(2), images, 1, 8, 8), labels))
                .method(method)
                .training(Training.defaults().withEpochs(6).withBatchSize(16, 1))
                .fit()
                .reports();
    }

    private static double fall(List<EpochReport> reports, String term) {
        return reports.getFirst().terms().getOrDefault(term, Double.NaN)
                - reports.getLast().terms().getOrDefault(term, Double.NaN);
    }

    private static SemanticMatch match() {
        SemanticMatch match = new SemanticMatch(
                List.of(Shape.of(2, 4, 4), Shape.of(3, 2, 2)),
                List.of(Shape.of(4, 4, 4), Shape.of(2, 2, 2), Shape.of(3, 1, 1)),
                3,
                new Rng(1));
        match.to(DType.F64);
        return match;
    }

    private static final List<Tensor> OWN = List.of(normal(2, 5, 2, 4, 4), normal(3, 5, 3, 2, 2));
    private static final List<Tensor> WANTED =
            List.of(normal(4, 5, 4, 4, 4), normal(5, 5, 2, 2, 2), normal(6, 5, 3, 1, 1));

    @Test
    void attentionSumsToOneAndDoesNotDependOnTheOtherSamples() {
        SemanticMatch match = match();
        Tensor attention = match.attention(OWN, WANTED);
        assertThat(attention.shape().dims()).containsExactly(5, 2, 3);
        for (double sum : attention.sum(false, 2).toDoubles()) {
            assertThat(sum).isCloseTo(1, within(1e-12));
        }
        Tensor one = match.attention(
                OWN.stream().map(maps -> maps.narrow(0, 3, 1)).toList(),
                WANTED.stream().map(maps -> maps.narrow(0, 3, 1)).toList());
        double[] alone = one.toDoubles();
        double[] among = attention.narrow(0, 3, 1).contiguous().toDoubles();
        for (int i = 0; i < alone.length; i++) {
            assertThat(alone[i]).isCloseTo(among[i], within(1e-12));
        }
    }

    @Test
    void calibrationByPlainLoopsAndDifferences() {
        SemanticMatch match = match();
        Tensor attention = match.attention(OWN, WANTED);
        Tensor errors = match.errors(OWN, WANTED);
        assertThat(errors.shape().dims()).containsExactly(5, 2, 3);
        double[] a = attention.toDoubles();
        double[] e = errors.toDoubles();
        double expected = 0;
        for (int i = 0; i < a.length; i++) {
            expected += a[i] * e[i] / 2;
        }
        assertThat(SemCkd.calibrated(attention, errors).item()).isCloseTo(expected, within(1e-12));
        GradCheck.defaults()
                .firstOrder(
                        "semckd",
                        in -> new Tensor[] {
                            SemCkd.calibrated(
                                    match.attention(List.of(in[0], OWN.get(1)), WANTED),
                                    match.errors(List.of(in[0], OWN.get(1)), WANTED))
                        },
                        OWN.getFirst())
                .verify();
    }

    /// Batches of 16 over 42 images: the last has 10.
    @Test
    void theCalibratedLossFallsWithRaggedBatches() throws IOException {
        List<EpochReport> reports = run(
                rng -> new SmallCnn(SmallCnn.Config.of(1, 3, 4, 5), rng),
                new SemCkd(List.of(FIRST), List.of(FIRST, SECOND)),
                42);
        assertThat(fall(reports, "calibrated")).isPositive();
    }

    /// XᵀX = U Σ² Uᵀ: what a singular value decomposition is.
    @Test
    void singularVectorsDecompose() {
        Tensor maps = normal(7, 2, 3, 2, 2);
        SingularVectors found = SingularVectors.of(maps, 3);
        Tensor rows = maps.flatten(2);
        double[] gram = rows.matmul(rows.transpose(1, 2)).toDoubles();
        Tensor squares = found.values().square().unsqueeze(1);
        double[] again = found.vectors()
                .mul(squares)
                .matmul(found.vectors().transpose(1, 2))
                .toDoubles();
        double[] values = found.values().toDoubles();
        for (int i = 0; i < gram.length; i++) {
            assertThat(again[i]).isCloseTo(gram[i], within(1e-10));
        }
        assertThat(values[0]).isGreaterThan(values[1]);
        assertThat(values[1]).isGreaterThan(values[2]);
    }

    @Test
    void gradientsOfSingularVectorsByDifferences() {
        Tensor maps = normal(8, 2, 3, 2, 2);
        Tensor towards = normal(9, 2, 3, 2);
        GradCheck.defaults()
                .firstOrder(
                        "vectors",
                        in -> new Tensor[] {
                            SingularVectors.of(in[0], 2).vectors().mul(towards).sum()
                        },
                        maps)
                .verify();
    }

    /// Where all singular values are equal the gradient is 0 and not infinite.
    @Test
    void equalSingularValuesHaveNoGradient() {
        Tensor maps = Tensor.eye(DType.F64, 3, 3).reshape(1, 3, 3, 1).requiresGrad(true);
        Tensor sum =
                SingularVectors.of(maps, 2).vectors().mul(normal(10, 1, 3, 2)).sum();
        assertThat(Autograd.grad(sum, maps)[0].toDoubles()).containsOnly(0.0);
        Tensor none = Tensor.zeros(DType.F64, 1, 3, 2, 1).requiresGrad(true);
        Tensor flat = SingularVectors.of(none, 2).vectors().sum();
        assertThat(Autograd.grad(flat, none)[0].toDoubles()).containsOnly(0.0);
    }

    /// For one vector a layer: the loops of the formula, with signs that do not matter.
    @Test
    void theRelationByPlainLoops() {
        Tensor first = normal(11, 2, 3, 2, 2);
        Tensor second = normal(12, 2, 4, 2, 1);
        KdSvd.Weighed before = KdSvd.Weighed.of(first.neg(), first, 1);
        KdSvd.Weighed here = KdSvd.Weighed.of(second, normal(13, 2, 4, 2, 2), 1);
        double[] b = before.teacher().toDoubles();
        double[] s = here.student().toDoubles();
        double[] t = here.teacher().toDoubles();
        double expected = 0;
        for (int n = 0; n < 2; n++) {
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 3; j++) {
                    double own = Math.exp(-Math.pow(s[n * 4 + i] - b[n * 3 + j], 2) / 8);
                    double wanted = Math.exp(-Math.pow(t[n * 4 + i] - b[n * 3 + j], 2) / 8);
                    expected += Math.pow(own - wanted, 2);
                }
            }
        }
        assertThat(expected).isPositive();
        assertThat(KdSvd.difference(here, before).item()).isCloseTo(expected, within(1e-10));
    }

    /// Neither scale nor sign of the student's maps matters.
    @Test
    void studentsThatAreTheTeacherUpToAScaleHaveNoLoss() {
        Tensor first = normal(14, 3, 4, 2, 3);
        Tensor second = normal(15, 3, 5, 3, 1);
        KdSvd.Weighed before = KdSvd.Weighed.of(first.mul(-3.0), first, 2);
        KdSvd.Weighed here = KdSvd.Weighed.of(second.mul(.2), second, 2);
        assertThat(KdSvd.difference(here, before).item()).isCloseTo(0, within(1e-20));
        GradCheck.defaults()
                .firstOrder(
                        "kdsvd",
                        in -> new Tensor[] {
                            KdSvd.difference(KdSvd.Weighed.of(in[0], second, 1), KdSvd.Weighed.of(in[1], first, 1))
                        },
                        second.add(normal(16, 3, 5, 3, 1).mul(.2)),
                        first.add(normal(17, 3, 4, 2, 3).mul(.2)))
                .verify();
    }

    @Test
    void theSingularLossFalls() throws IOException {
        List<EpochReport> reports = run(
                rng -> new SmallCnn(SmallCnn.Config.of(1, 3, 6, 8), rng),
                new KdSvd(List.of(same(FIRST), same(SECOND)), 1, 10, HintonKd.labelsOnly()),
                32);
        assertThat(fall(reports, "singular")).isPositive();
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new SemCkd(List.of(), List.of(FIRST))).hasMessageContaining("got 0 and 1");
        assertThatThrownBy(() -> new SemCkd(List.of(FIRST), List.of(FIRST), 0, 1, new HintonKd()))
                .hasMessageContaining("embeddings of at least 1");
        assertThatThrownBy(() -> new SemCkd(List.of(FIRST), List.of(FIRST))
                        .terms(FeatureSetup.of(FIRST, Shape.of(3), Shape.of(3, 2, 2))))
                .hasMessageContaining("semckd: expected maps");
        assertThatThrownBy(() -> new KdSvd(List.of(same(FIRST)))).hasMessageContaining("kdsvd");
        List<TapPair> pairs = List.of(same(FIRST), same(SECOND));
        assertThatThrownBy(() -> new KdSvd(pairs, 0, 1, new HintonKd())).hasMessageContaining("got 0");
        Map<Tap, Shape> own = Map.of(FIRST, Shape.of(3, 4, 4), SECOND, Shape.of(4, 2, 2));
        Map<Tap, Shape> other = Map.of(FIRST, Shape.of(3, 4, 4), SECOND, Shape.of(5, 2, 2));
        assertThatThrownBy(() -> new KdSvd(pairs).terms(FeatureSetup.of(own, other)))
                .hasMessageContaining("as many channels in both networks")
                .hasMessageContaining("got [4, 2, 2] and [5, 2, 2]");
        assertThatThrownBy(() -> new KdSvd(pairs, 4, 1, new HintonKd()).terms(FeatureSetup.of(own, own)))
                .hasMessageContaining("at least 4");
    }
}
