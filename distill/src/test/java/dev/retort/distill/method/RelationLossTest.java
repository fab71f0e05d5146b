package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

class RelationLossTest {
    private static final double CLOSE = 1e-9;

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    @Test
    void distanceByHand() {
        // Student distances 3, 4, 5 (mean 4), teacher 1, 1, 2 on a line (mean 4/3).
        Tensor student = Tensor.of(new double[] {0, 0, 3, 0, 0, 4}, 3, 2);
        Tensor teacher = Tensor.of(new double[] {0, 1, -1}, 3, 1);
        double expected = 2 * (half(.75 - .75) + half(1 - .75) + half(1.25 - 1.5));
        assertThat(Rkd.distanceLoss(student, teacher).item()).isCloseTo(expected, within(CLOSE));
    }

    private static double half(double d) {
        return d * d / 2;
    }

    @Test
    void angleByHand() {
        // Student: a right angle at sample 0; teacher: three points on a line, sample 0 in the middle.
        Tensor student = Tensor.of(new double[] {0, 0, 1, 0, 0, 1}, 3, 2);
        Tensor teacher = Tensor.of(new double[] {0, 1, -1}, 3, 1);
        double atZero = 2 * half(0 - -1);
        double atOthers = 2 * 2 * half(Math.sqrt(.5) - 1);
        assertThat(Rkd.angleLoss(student, teacher).item()).isCloseTo(atZero + atOthers, within(CLOSE));
    }

    @Test
    void doesNotSeeShiftsRotationsAndScale() {
        Tensor x = normal(1, 6, 4);
        Tensor rotation = normal(2, 4, 4).svd().u();
        Tensor moved = x.matmul(rotation).mul(3.0).add(5.0);
        assertThat(Rkd.distanceLoss(moved, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(Rkd.angleLoss(moved, x).item()).isCloseTo(0, within(CLOSE));
        assertThat(Rkd.distanceLoss(normal(3, 6, 9), x).item()).isPositive();
    }

    @Test
    void equalSamplesAndSingleSamplesAreFinite() {
        Tensor same = Tensor.ones(DType.F32, 3, 2);
        assertThat(Rkd.distanceLoss(same, normal(1, 3, 2)).item()).isFinite();
        assertThat(Rkd.angleLoss(same, normal(1, 3, 2)).item()).isFinite();
        assertThat(Rkd.distanceLoss(normal(1, 1, 2), normal(2, 1, 2)).item()).isZero();
        assertThat(Rkd.angleLoss(normal(1, 1, 2), normal(2, 1, 2)).item()).isZero();
    }
}
