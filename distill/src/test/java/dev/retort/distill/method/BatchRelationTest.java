package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Similarity preservation, probabilistic transfer and correlation congruence.
class BatchRelationTest {
    private static final Tap TAP = Tap.output("body");
    private static final List<TapPair> PAIR = List.of(new TapPair(TAP, TAP));
    private static final double CLOSE = 1e-10;

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static CorrelationCongruence congruence(CorrelationCongruence.Kernel kernel, int order) {
        return new CorrelationCongruence(TAP, TAP, kernel, .4, order, 1, HintonKd.labelsOnly());
    }

    private static double dot(double[] x, int i, int j, int width) {
        double sum = 0;
        for (int d = 0; d < width; d++) {
            sum += x[i * width + d] * x[j * width + d];
        }
        return sum;
    }

    private static double cosine(double[] x, int i, int j, int width) {
        return dot(x, i, j, width) / Math.sqrt(dot(x, i, i, width) * dot(x, j, j, width));
    }

    @Test
    void similarityByHand() {
        // Gram matrices [[1, 1], [1, 2]] and the unit matrix, rows normalised.
        Tensor student = Tensor.of(new double[] {1, 0, 1, 1}, 2, 2);
        Tensor teacher = Tensor.of(new double[] {3, 0, 0, 5}, 2, 2);
        double a = 1 / Math.sqrt(2);
        double b = 1 / Math.sqrt(5);
        double expected = Math.pow(a - 1, 2) + a * a + b * b + Math.pow(2 * b - 1, 2);
        assertThat(SimilarityPreservation.squaredDistance(student, teacher).item())
                .isCloseTo(expected, within(CLOSE));
    }

    @Test
    void likenessByPlainLoops() {
        double[] s = normal(1, 4, 3).toDoubles();
        double[] t = normal(2, 4, 5).toDoubles();
        double expected = 0;
        for (int i = 0; i < 4; i++) {
            double rowS = 0;
            double rowT = 0;
            for (int j = 0; j < 4; j++) {
                rowS += (cosine(s, i, j, 3) + 1) / 2;
                rowT += (cosine(t, i, j, 5) + 1) / 2;
            }
            for (int j = 0; j < 4; j++) {
                double p = (cosine(t, i, j, 5) + 1) / 2 / rowT;
                double q = (cosine(s, i, j, 3) + 1) / 2 / rowS;
                expected += p * Math.log((p + 1e-7) / (q + 1e-7));
            }
        }
        assertThat(Pkt.divergence(normal(1, 4, 3), normal(2, 4, 5)).item()).isCloseTo(expected, within(CLOSE));
        assertThat(expected).isPositive();
    }

    @Test
    void correlationByPlainLoops() {
        double[] s = normal(1, 4, 3).toDoubles();
        double[] t = normal(2, 4, 5).toDoubles();
        double bilinear = 0;
        double gaussian = 0;
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                double a = cosine(s, i, j, 3);
                double b = cosine(t, i, j, 5);
                bilinear += (a - b) * (a - b);
                // ‖eᵢ − eⱼ‖² = 2 − 2 cos
                double difference = Math.exp(-.4 * (2 - 2 * a)) - Math.exp(-.4 * (2 - 2 * b));
                gaussian += difference * difference;
            }
        }
        Tensor own = normal(1, 4, 3);
        Tensor wanted = normal(2, 4, 5);
        assertThat(congruence(CorrelationCongruence.Kernel.BILINEAR, 1)
                        .squaredDistance(own, wanted)
                        .item())
                .isCloseTo(bilinear, within(CLOSE));
        assertThat(congruence(CorrelationCongruence.Kernel.GAUSSIAN, 25)
                        .squaredDistance(own, wanted)
                        .item())
                .isCloseTo(gaussian, within(CLOSE));
        // Order 2 by hand: orthogonal against equal directions, e^(−0.8) (1 + 0.8 + 0.32) against e^(−0.8).
        Tensor orthogonal = Tensor.of(new double[] {1, 0, 0, 1}, 2, 2);
        double gap = Math.exp(-.8) * (.8 + .32);
        assertThat(congruence(CorrelationCongruence.Kernel.GAUSSIAN, 2)
                        .squaredDistance(orthogonal, Tensor.ones(DType.F64, 2, 1))
                        .item())
                .isCloseTo(2 * gap * gap, within(CLOSE));
    }

    /// All three see neither scale nor rotation, two of them not even the scale of each sample.
    @Test
    void whatTheyDoNotSee() {
        Tensor x = normal(1, 6, 4);
        Tensor rotated = x.matmul(normal(2, 4, 4).svd().u()).mul(3.0);
        Tensor rescaled = x.mul(Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 6, 1));
        BinaryOperator<Tensor> congruence = congruence(CorrelationCongruence.Kernel.GAUSSIAN, 2)::squaredDistance;
        assertThat(SimilarityPreservation.squaredDistance(rotated, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(Pkt.divergence(rotated, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(congruence.apply(rotated, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(Pkt.divergence(rescaled, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(congruence.apply(rescaled, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(SimilarityPreservation.squaredDistance(rescaled, x).item()).isGreaterThan(1e-3);
        assertThat(Pkt.divergence(x.add(1), x).item()).isGreaterThan(1e-3);
    }

    @Test
    void gradients() {
        Tensor teacher = normal(2, 5, 3);
        check("similarity", in -> SimilarityPreservation.squaredDistance(in, teacher));
        check("likeness", in -> Pkt.divergence(in, teacher));
    }

    @ParameterizedTest
    @EnumSource
    void gradientsOfKernels(CorrelationCongruence.Kernel kernel) {
        Tensor teacher = normal(2, 5, 3);
        check("correlation", in -> congruence(kernel, 3).squaredDistance(in, teacher));
    }

    private static void check(String name, UnaryOperator<Tensor> loss) {
        GradCheck.defaults()
                .firstOrder(name, in -> new Tensor[] {loss.apply(in[0])}, normal(1, 5, 4))
                .verify();
    }

    /// The count is B²: what micro-batches are divided by together.
    @Test
    void meansRunOverPairs() {
        Setup setup = FeatureSetup.of(TAP, Shape.of(4), Shape.of(3));
        LossTerm similarity =
                new SimilarityPreservation(PAIR).terms(setup).get(1).loss();
        assertThat(similarity.count(Steps.batch(0, 1, 2))).isEqualTo(9);
        assertThat(new SimilarityPreservation(PAIR).terms(setup).get(1).weight())
                .isEqualTo(3000);
        LossTerm likeness = new Pkt(TAP, TAP).terms(setup).get(1).loss();
        assertThat(likeness.count(Steps.batch(0, 1))).isEqualTo(4);
        Tensor own = normal(1, 2, 4);
        Tensor wanted = normal(2, 2, 3);
        assertThat(likeness.sum(Steps.features(Steps.batch(0, 1), TAP, own, wanted))
                        .item())
                .isEqualTo(Pkt.divergence(own, wanted).item());
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new SimilarityPreservation(List.of())).hasMessageContaining("sp: expected at least 1");
        assertThatThrownBy(() -> new SimilarityPreservation(PAIR, -1, HintonKd.labelsOnly()))
                .hasMessageContaining("weight of at least 0, got -1");
        assertThatThrownBy(() -> new Pkt(TAP, TAP, Double.NaN, HintonKd.labelsOnly()))
                .hasMessageContaining("pkt");
        assertThatThrownBy(() -> congruence(CorrelationCongruence.Kernel.GAUSSIAN, 0))
                .hasMessageContaining("order of at least 1, got 0");
        assertThatThrownBy(() -> new CorrelationCongruence(
                        TAP, TAP, CorrelationCongruence.Kernel.GAUSSIAN, 0, 2, 1, HintonKd.labelsOnly()))
                .hasMessageContaining("positive gamma, got 0");
    }
}
