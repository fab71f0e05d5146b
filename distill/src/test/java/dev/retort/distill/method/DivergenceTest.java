package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DivergenceTest {
    private static final double CLOSE = 1e-12;

    static Stream<Divergence> all() {
        return Stream.of(
                new Divergence.ForwardKl(),
                new Divergence.ReverseKl(),
                new Divergence.JensenShannon(),
                new Divergence.JensenShannon(.2),
                new Divergence.JensenShannon(0),
                new Divergence.JensenShannon(1),
                new Divergence.SkewKl(),
                new Divergence.SkewReverseKl(),
                new Divergence.AlphaBeta(),
                new Divergence.AlphaBeta(1, 0),
                new Divergence.AlphaBeta(0, 1),
                new Divergence.AlphaBeta(.5, 0),
                new Divergence.AlphaBeta(0, .3),
                new Divergence.AlphaBeta(0, 0),
                new Divergence.TotalVariation());
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1.5, DType.F64, shape);
    }

    /// The formulas in plain loops; p is the teacher's, q the student's.
    private static double expected(Divergence divergence, double[] p, double[] q) {
        return switch (divergence) {
            case Divergence.ForwardKl() -> kl(p, q);
            case Divergence.ReverseKl() -> kl(q, p);
            case Divergence.JensenShannon(double b) ->
                b == 0 ? kl(p, q) : b == 1 ? kl(q, p) : b * kl(p, mix(b, p, q)) + (1 - b) * kl(q, mix(b, p, q));
            case Divergence.SkewKl(double a) -> kl(p, mix(a, p, q));
            case Divergence.SkewReverseKl(double a) -> kl(q, mix(a, q, p));
            case Divergence.AlphaBeta(double a, double b) -> {
                double sum = 0;
                for (int i = 0; i < p.length; i++) {
                    sum += alphaBeta(a, b, p[i], q[i]);
                }
                yield sum;
            }
            case Divergence.TotalVariation() -> {
                double sum = 0;
                for (int i = 0; i < p.length; i++) {
                    sum += Math.abs(p[i] - q[i]) / 2;
                }
                yield sum;
            }
        };
    }

    /// A summand of the paper's formula and of its limits.
    private static double alphaBeta(double a, double b, double p, double q) {
        double r = Math.log(p / q);
        if (a == 0 && b == 0) {
            return r * r / 2;
        }
        if (a == 0) {
            return (Math.pow(q, b) * (-b * r - 1) + Math.pow(p, b)) / (b * b);
        }
        if (b == 0) {
            return (Math.pow(p, a) * (a * r - 1) + Math.pow(q, a)) / (a * a);
        }
        double s = a + b;
        return -(Math.pow(p, a) * Math.pow(q, b) - a / s * Math.pow(p, s) - b / s * Math.pow(q, s)) / (a * b);
    }

    private static double kl(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * Math.log(a[i] / b[i]);
        }
        return sum;
    }

    private static double[] mix(double w, double[] a, double[] b) {
        double[] m = new double[a.length];
        for (int i = 0; i < m.length; i++) {
            m[i] = w * a[i] + (1 - w) * b[i];
        }
        return m;
    }

    private static double[] softmax(Tensor logits, int row, double temperature) {
        double[] p = new double[logits.size(1)];
        double total = 0;
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(logits.get(row, i) / temperature);
            total += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= total;
        }
        return p;
    }

    @ParameterizedTest
    @MethodSource("all")
    void agreesWithPlainLoops(Divergence divergence) {
        Tensor student = normal(1, 3, 5);
        Tensor teacher = normal(2, 3, 5);
        for (double temperature : new double[] {1, 2.5}) {
            Tensor rows = divergence.rows(student, teacher, temperature);
            assertThat(rows.shape().dims()).containsExactly(3);
            for (int i = 0; i < 3; i++) {
                double wanted =
                        expected(divergence, softmax(teacher, i, temperature), softmax(student, i, temperature));
                assertThat(rows.get(i)).isCloseTo(wanted, within(CLOSE)).isGreaterThan(.01);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void isZeroForEqualsAndBlindToShiftsAndTheOrderOfTokens(Divergence divergence) {
        Tensor student = normal(1, 3, 5);
        Tensor teacher = normal(2, 3, 5);
        Tensor order = Tensor.of(new long[] {3, 0, 4, 1, 2}, 5);
        double[] rows = divergence.rows(student, teacher, 1).toDoubles();
        double[] moved = divergence
                .rows(student.add(7.0).indexSelect(1, order), teacher.sub(3.0).indexSelect(1, order), 1)
                .toDoubles();
        for (int i = 0; i < 3; i++) {
            assertThat(moved[i]).isCloseTo(rows[i], within(CLOSE));
            assertThat(divergence.rows(student, student, 1).get(i)).isCloseTo(0, within(CLOSE));
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void gradients(Divergence divergence) {
        Tensor teacher = normal(2, 3, 4);
        GradCheck.defaults()
                .firstOrder("divergence", in -> new Tensor[] {divergence.rows(in[0], teacher, 1.5)}, normal(1, 3, 4))
                .verify();
    }

    /// A token that both rule out is worth nothing; the rest is as without it.
    @ParameterizedTest
    @MethodSource("all")
    void tokensThatBothRuleOutAddNothing(Divergence divergence) {
        double none = Double.NEGATIVE_INFINITY;
        Tensor student = Tensor.of(new double[] {1, none, -1}, 1, 3).requiresGrad(true);
        Tensor loss = divergence.rows(student, Tensor.of(new double[] {0, none, 2}, 1, 3), 1);
        Tensor less = Tensor.of(new double[] {1, -1}, 1, 2);
        Tensor without = divergence.rows(less, Tensor.of(new double[] {0, 2}, 1, 2), 1);
        assertThat(loss.detach().item()).isCloseTo(without.item(), within(CLOSE));
        assertThat(Autograd.grad(loss.sum(), student)[0].isFinite().all().item())
                .isEqualTo(1);
    }

    @Test
    void theLimitsOfJensenShannonAreTheTwoDivergences() {
        Tensor student = normal(1, 1, 5);
        Tensor teacher = normal(2, 1, 5);
        double forward = new Divergence.ForwardKl().rows(student, teacher, 1).item();
        double reverse = new Divergence.ReverseKl().rows(student, teacher, 1).item();
        double low =
                new Divergence.JensenShannon(1e-6).rows(student, teacher, 1).item() / 1e-6;
        double high =
                new Divergence.JensenShannon(1 - 1e-6).rows(student, teacher, 1).item() / 1e-6;
        assertThat(low).isCloseTo(forward, within(1e-4));
        assertThat(high).isCloseTo(reverse, within(1e-4));
        assertThat(forward).isNotCloseTo(reverse, within(1e-2));
    }

    /// What the skew is for: a student that rules out the teacher's token has a bounded loss.
    @Test
    void skewedDivergencesAreBounded() {
        Tensor student = Tensor.of(new double[] {50, -50}, 1, 2);
        Tensor teacher = Tensor.of(new double[] {-50, 50}, 1, 2);
        assertThat(new Divergence.SkewKl(.1).rows(student, teacher, 1).item()).isCloseTo(-Math.log(.1), within(1e-9));
        assertThat(new Divergence.SkewReverseKl(.1).rows(student, teacher, 1).item())
                .isCloseTo(-Math.log(.1), within(1e-9));
        assertThat(new Divergence.ForwardKl().rows(student, teacher, 1).item()).isCloseTo(100, within(1e-9));
        assertThat(new Divergence.TotalVariation().rows(student, teacher, 1).item())
                .isCloseTo(1, within(1e-9));
    }

    @Test
    void alphaBetaHasThePlainDivergencesAsLimits() {
        Tensor student = normal(1, 1, 5);
        Tensor teacher = normal(2, 1, 5);
        double forward = new Divergence.ForwardKl().rows(student, teacher, 1).item();
        double reverse = new Divergence.ReverseKl().rows(student, teacher, 1).item();
        for (double little : new double[] {0, 1e-9}) {
            assertThat(new Divergence.AlphaBeta(1, little)
                            .rows(student, teacher, 1)
                            .item())
                    .isCloseTo(forward, within(1e-7));
            assertThat(new Divergence.AlphaBeta(little, 1)
                            .rows(student, teacher, 1)
                            .item())
                    .isCloseTo(reverse, within(1e-7));
        }
        Tensor far = Tensor.of(new float[] {500, -500}, 1, 2).requiresGrad(true);
        Tensor loss = new Divergence.AlphaBeta().rows(far, far.detach().neg(), 1);
        // p = 0, q = 1 and the other way round: q^(α+β)/(α (α+β)) + p^(α+β)/(β (α+β)).
        assertThat(loss.item()).isCloseTo(1 / (.2 * .9) * 1 + 1 / (.7 * .9), within(1e-5));
        assertThat(Autograd.grad(loss.sum(), far)[0].isFinite().all().item()).isEqualTo(1);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new Divergence.AlphaBeta(-.1, 1))
                .hasMessage("alpha-beta: expected alpha and beta of at least 0, got -0.1 and 1.0");
        assertThatThrownBy(() -> new Divergence.JensenShannon(1.1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("jensen-shannon: expected beta in [0, 1], got 1.1");
        assertThatThrownBy(() -> new Divergence.SkewKl(1)).hasMessage("skew kl: expected a skew in [0, 1), got 1.0");
        assertThatThrownBy(() -> new Divergence.SkewReverseKl(Double.NaN)).hasMessageContaining("skew reverse kl");
    }
}
