package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Gradients of the losses against central differences in float64.
class GradientTest {
    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static Tensor[] one(Tensor result) {
        return new Tensor[] {result};
    }

    @ParameterizedTest
    @EnumSource
    void mixing(Mixing mixing) {
        Tensor alpha = Tensor.of(new double[] {.5, .8, 1}, 3);
        Tensor listed = Tensor.of(new double[] {1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0}, 3, 4);
        Tensor labels = normal(2, 3, 4).softmax(1);
        GradCheck.defaults()
                .firstOrder("mixing", in -> one(mixing.crossEntropy(in[0], labels, alpha, listed)), normal(1, 3, 4))
                .verify();
    }

    @ParameterizedTest
    @EnumSource
    void mixingAgreesWithTheClosedForm(Mixing mixing) {
        double[] z = normal(3, 5).toDoubles();
        double[] y = normal(4, 5).softmax(0).toDoubles();
        double[] listed = {1, 0, 1, 1, 0};
        Tensor logits = Tensor.of(z, 1, 5).requiresGrad(true);
        Tensor loss = mixing.crossEntropy(
                logits, Tensor.of(y, 1, 5), Tensor.of(new double[] {.7}, 1), Tensor.of(listed, 1, 5));
        double[] gradient = Autograd.grad(loss.sum(), logits)[0].toDoubles();
        double[] closed = MixingTest.gradient(mixing, z, y, .7, listed, 3);
        for (int j = 0; j < 5; j++) {
            assertThat(gradient[j]).isCloseTo(closed[j], within(1e-12));
        }
    }

    /// A class with α < 1 whose mix is below the floor has no gradient; nothing becomes NaN.
    @Test
    void mixingIsFiniteForHopelessLogits() {
        Tensor logits = Tensor.of(new float[] {200, -200, 0}, 1, 3).requiresGrad(true);
        Tensor loss = Mixing.RAW.crossEntropy(
                logits,
                Tensor.of(new float[] {0, 1, 0}, 1, 3),
                Tensor.of(new float[] {1}, 1),
                Tensor.of(new float[] {1, 1, 0}, 1, 3));
        assertThat(Autograd.grad(loss.sum(), logits)[0].toFloats()).containsExactly(1, -1, 0);
    }

    @Test
    void divergence() {
        Tensor teacher = normal(2, 4, 3);
        GradCheck.defaults()
                .firstOrder("kd", in -> one(HintonKd.divergence(in[0], teacher, 3)), normal(1, 4, 3))
                .verify();
    }

    /// The gradient of T² · KL at a high temperature is the centred difference of logits over the number
    /// of classes: T² is there, and nothing else depends on the number of classes.
    @Test
    void divergenceHasAGradientOfTheSameSizeAtEveryTemperature() {
        for (int classes : new int[] {2, 10, 50}) {
            Tensor student = normal(1, 1, classes).requiresGrad(true);
            Tensor teacher = normal(2, 1, classes);
            Tensor difference = student.detach().sub(teacher);
            double[] expected =
                    difference.sub(difference.mean()).mul(1.0 / classes).toDoubles();
            double[] found =
                    Autograd.grad(HintonKd.divergence(student, teacher, 1e3).sum(), student)[0].toDoubles();
            for (int j = 0; j < classes; j++) {
                assertThat(found[j]).isCloseTo(expected[j], within(2e-3 / classes + 1e-5));
            }
        }
    }

    @Test
    void relations() {
        Tensor teacher = normal(2, 5, 3);
        GradCheck.defaults()
                .firstOrder("distance", in -> one(Rkd.distanceLoss(in[0], teacher)), normal(1, 5, 4))
                .verify();
        GradCheck.defaults()
                .firstOrder("angle", in -> one(Rkd.angleLoss(in[0], teacher)), normal(1, 5, 4))
                .verify();
    }

    @Test
    void relationsOfEqualSamplesHaveAFiniteGradient() {
        Tensor same = Tensor.ones(DType.F32, 4, 3).requiresGrad(true);
        Tensor teacher = Random.normal(new Rng(1), 4, 3);
        Tensor loss = Rkd.distanceLoss(same, teacher).add(Rkd.angleLoss(same, teacher));
        assertThat(Autograd.grad(loss, same)[0].isFinite().all().item()).isEqualTo(1);
    }

    @Test
    void noiseContrast() {
        Tensor p = Random.uniform(new Rng(3), .1, 1, DType.F64, 3, 6);
        GradCheck.defaults()
                .firstOrder("noise contrast", in -> one(CrdLoss.noiseContrast(in[0], 20)), p)
                .verify();
    }
}
