package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.numericGradient;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Philox;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp.Attention;
import dev.retort.tensor.op.AttentionOp.AttentionBackward;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class AttentionReferenceTest {
    private static final Offset<Double> EXACT = within(1e-13);
    private static final double LOW = Double.NEGATIVE_INFINITY;

    private static Attention plain(boolean causal) {
        return new Attention(0.5, causal, 0, 0, 0);
    }

    private static void isClose(Tensor actual, Offset<Double> tolerance, double... expected) {
        assertThat(actual.toHost().doubles()).containsExactly(expected, tolerance);
    }

    @Test
    void weighsValuesByTheSoftmaxOfTheScores() {
        Tensor q = Tensor.of(new double[] {2}, 1, 1, 1, 1);
        Tensor k = Tensor.of(new double[] {0, Math.log(3)}, 1, 1, 2, 1); // scores 0 and ln 3 at scale 1/2
        Tensor v = Tensor.of(new double[] {4, 0, 8, 1}, 1, 1, 2, 2);
        Tensor[] y = run(plain(false), q, k, v);
        isClose(y[0], EXACT, 7, 0.75);
        isClose(y[1], EXACT, Math.log(4));
    }

    @Test
    void causalRowsAreAlignedAtTheEnd() {
        Tensor v = Tensor.of(new double[] {3, 6, 9}, 1, 1, 3, 1);
        Tensor k = Tensor.zeros(DType.F64, 1, 1, 3, 1); // equal scores: means of what is seen
        isClose(run(plain(true), Tensor.zeros(DType.F64, 1, 1, 3, 1), k, v)[0], EXACT, 3, 4.5, 6);
        isClose(run(plain(true), Tensor.zeros(DType.F64, 1, 1, 2, 1), k, v)[0], EXACT, 4.5, 6);
        Tensor[] longer = run(plain(true), Tensor.zeros(DType.F64, 1, 1, 5, 1), k, v);
        isClose(longer[0], EXACT, 0, 0, 3, 4.5, 6); // the first two queries see nothing
        isClose(longer[1], EXACT, LOW, LOW, 0, Math.log(2), Math.log(3));
    }

    @Test
    void masksHideOrAdd() {
        Tensor q = Tensor.zeros(DType.F64, 1, 1, 2, 1);
        Tensor k = Tensor.zeros(DType.F64, 1, 1, 3, 1);
        Tensor v = Tensor.of(new double[] {3, 6, 9}, 1, 1, 3, 1);
        Tensor hidden = Tensor.of(new boolean[] {true, false, true, false, false, false}, 2, 3);
        isClose(run(plain(false), q, k, v, hidden)[0], EXACT, 6, 0);
        Tensor added = Tensor.of(new double[] {0, Math.log(2), LOW}, 3);
        isClose(run(plain(false), q, k, v, added)[0], EXACT, 5, 5);
    }

    @Test
    void groupedQueriesShareKeyHeads() {
        Tensor q = random(1, 2, 4, 3, 2);
        Tensor k = random(2, 2, 2, 5, 2);
        Tensor v = random(3, 2, 2, 5, 3);
        double[] grouped = run(plain(true), q, k, v)[0].toHost().doubles();
        Tensor kk = repeatHeads(k);
        Tensor vv = repeatHeads(v);
        isClose(run(plain(true), q, kk, vv)[0], EXACT, grouped);
    }

    private static Tensor repeatHeads(Tensor x) {
        Tensor wide = x.unsqueeze(2).expand(2, 2, 2, x.size(2), x.size(3));
        return Tensor.of(Elements.doubles(wide).clone(), 2, 4, x.size(2), x.size(3));
    }

    @Test
    void dropoutUsesTheMaskOfTheWholeWeightMatrix() {
        Attention op = new Attention(1, false, 0.4, 11, 5);
        Tensor q = random(1, 2, 3, 2, 4);
        Tensor k = random(2, 2, 3, 3, 4);
        Tensor v = random(3, 2, 3, 3, 1);
        Tensor[] y = run(op, q, k, v);
        int element = 0;
        for (int b = 0; b < 2; b++) {
            for (int h = 0; h < 3; h++) {
                for (int t = 0; t < 2; t++) {
                    double sum = 0;
                    for (int s = 0; s < 3; s++) {
                        double score = 0;
                        for (int d = 0; d < 4; d++) {
                            score += q.get(b, h, t, d) * k.get(b, h, s, d);
                        }
                        double weight = Math.exp(score - y[1].get(b, h, t));
                        sum += Philox.keep(11, 5, element++, 0.4) ? weight / 0.6 * v.get(b, h, s, 0) : 0;
                    }
                    assertThat(y[0].get(b, h, t, 0)).isCloseTo(sum, EXACT);
                }
            }
        }
    }

    static Stream<Arguments> variants() {
        Tensor bool = Tensor.of(new boolean[] {true, true, false, true, false, false, false, false, true}, 3, 3);
        return Stream.of(
                Arguments.of(new Attention(0.7, false, 0, 0, 0), null),
                Arguments.of(new Attention(0.7, true, 0, 0, 0), null),
                Arguments.of(new Attention(0.7, false, 0.3, 2, 3), null),
                Arguments.of(new Attention(0.7, true, 0.3, 2, 3), bool),
                Arguments.of(new Attention(0.7, false, 0, 0, 0), random(9, 2, 1, 1, 3)));
    }

    @ParameterizedTest
    @MethodSource("variants")
    void gradients(Attention op, Tensor mask) {
        Tensor q = random(1, 2, 2, 3, 2);
        Tensor k = random(2, 2, 1, 3, 2);
        Tensor v = random(3, 2, 1, 3, 3);
        Tensor g = random(4, 2, 2, 3, 3);
        Tensor[] in = mask == null ? new Tensor[] {q, k, v} : new Tensor[] {q, k, v, mask};
        Tensor[] y = run(op, in);
        AttentionBackward backward =
                new AttentionBackward(op.scale(), op.causal(), op.dropout(), op.seed(), op.stream());
        Tensor[] d = mask == null ? run(backward, g, q, k, v, y[0], y[1]) : run(backward, g, q, k, v, y[0], y[1], mask);
        for (int i = 0; i < 3; i++) {
            isClose(d[i], within(1e-8), numericGradient(op, 0, g, i, in));
        }
    }

    @Test
    void emptyExtents() {
        Tensor noKeys = Tensor.zeros(DType.F64, 1, 1, 0, 2);
        Tensor q = random(1, 1, 1, 2, 2);
        isClose(run(plain(false), q, noKeys, noKeys)[0], EXACT, 0, 0, 0, 0);
        Tensor noBatch = Tensor.zeros(DType.F64, 0, 1, 2, 2);
        assertThat(run(plain(true), noBatch, noBatch, noBatch)[0].shape().dims())
                .containsExactly(0, 1, 2, 2);
    }
}
