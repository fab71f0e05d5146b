package dev.retort.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The CTC loss against the sum over all alignments, written out.
class CTCLossTest {
    private static Tensor logProbabilities(int steps, int n, int classes) {
        return Random.normal(new Rng(steps + 10L * classes), 0, 1, DType.F64, steps, n, classes)
                .logSoftmax(2);
    }

    /// −ln of the summed probability of all outputs of `steps` classes that collapse to the labels.
    private static double exhaustive(Tensor x, int n, int steps, int blank, long... labels) {
        int classes = x.size(2);
        double sum = 0;
        for (int code = 0; code < Math.pow(classes, steps); code++) {
            int rest = code;
            double p = 0;
            int last = -1;
            List<Long> seen = new ArrayList<>();
            for (int t = 0; t < steps; t++, rest /= classes) {
                int c = rest % classes;
                p += x.get(t, n, c);
                if (c != last && c != blank) {
                    seen.add((long) c);
                }
                last = c;
            }
            boolean same = seen.size() == labels.length;
            for (int i = 0; same && i < labels.length; i++) {
                same = seen.get(i) == labels[i];
            }
            sum += same ? Math.exp(p) : 0;
        }
        return -Math.log(sum);
    }

    @Test
    void sumsOverAllAlignments() {
        Tensor x = logProbabilities(5, 4, 4);
        Tensor targets = Tensor.of(new long[] {2, 3, 1, 1, 1, 9, 2, 0, 0, 0, 0, 0}, 4, 3);
        targets = targets.clamp(0, 3);
        long[] inputs = {5, 5, 4, 3};
        long[] lengths = {3, 2, 1, 0};
        Tensor each = new CTCLoss().each(x, targets, inputs, lengths);
        double[] expected = {
            exhaustive(x, 0, 5, 0, 2, 3, 1),
            exhaustive(x, 1, 5, 0, 1, 1),
            exhaustive(x, 2, 4, 0, 2),
            exhaustive(x, 3, 3, 0)
        };
        for (int n = 0; n < 4; n++) {
            assertThat(each.get(n)).isCloseTo(expected[n], within(1e-12));
        }
        Tensor line = Tensor.of(new long[] {2, 3, 1, 1, 1, 2}, 6);
        assertThat(new CTCLoss().each(x, line, inputs, lengths).toDoubles()).isEqualTo(each.toDoubles());
        double mean = expected[0] / 3 + expected[1] / 2 + expected[2] + expected[3];
        assertThat(new CTCLoss().of(x, line, inputs, lengths).mean().item()).isCloseTo(mean / 4, within(1e-12));
        Tensor single = new CTCLoss().each(x.to(DType.F32), line, inputs, lengths);
        assertThat(single.dtype()).isEqualTo(DType.F32);
        assertThat(single.get(0)).isCloseTo(expected[0], within(1e-5));
    }

    @Test
    void anotherBlank() {
        Tensor x = logProbabilities(4, 1, 3);
        double loss = new CTCLoss(2, false)
                .each(x, Tensor.of(new long[] {0, 1}, 1, 2), new long[] {4}, new long[] {2})
                .get(0);
        assertThat(loss).isCloseTo(exhaustive(x, 0, 4, 2, 0, 1), within(1e-12));
    }

    @Test
    void gradientsAreThoseOfDifferences() {
        Tensor targets = Tensor.of(new long[] {2, 2, 1, 3, 0, 0}, 2, 3);
        for (boolean throughSoftmax : new boolean[] {false, true}) {
            GradCheck.defaults()
                    .firstOrder(
                            "ctc",
                            in -> new Tensor[] {
                                new CTCLoss()
                                        .of(
                                                throughSoftmax ? in[0].logSoftmax(2) : in[0],
                                                targets,
                                                new long[] {6, 4},
                                                new long[] {3, 1})
                                        .mean()
                            },
                            logProbabilities(6, 2, 4))
                    .verify();
        }
    }

    @Test
    void targetsThatDoNotFit() {
        Tensor x = logProbabilities(2, 2, 3).requiresGrad(true);
        Tensor targets = Tensor.of(new long[] {1, 1, 1, 2}, 2, 2); // two equal labels need three steps
        long[] two = {2, 2};
        assertThat(new CTCLoss().each(x, targets, two, two).get(0)).isEqualTo(Double.POSITIVE_INFINITY);
        Tensor loss = new CTCLoss(0, true).each(x, targets, two, two);
        assertThat(loss.get(0)).isZero();
        loss.sum().backward();
        assertThat(x.grad().select(1, 0).toDoubles()).containsOnly(0);
        assertThat(x.grad().select(1, 1).abs().sum().item()).isCloseTo(2, within(1e-12)); // one path, two steps
        x.grad(null);
        new CTCLoss().each(x, targets, two, two).sum().backward();
        assertThat(x.grad().get(0, 0, 1)).isNaN();
        assertThat(new CTCLoss()
                        .each(x, targets, new long[] {0, 0}, new long[] {0, 1})
                        .toDoubles())
                .containsExactly(0, Double.POSITIVE_INFINITY);
    }

    @Test
    void classesWithoutProbability() {
        Tensor x = Tensor.of(new double[] {0, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, 0}, 2, 1, 2)
                .requiresGrad(true);
        Tensor loss = new CTCLoss().each(x, Tensor.of(new long[] {1}, 1, 1), new long[] {2}, new long[] {1});
        assertThat(loss.get(0)).isZero();
        loss.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(-1, 0, 0, -1);
    }

    @Test
    void whatDoesNotFitIsSaid() {
        Tensor x = logProbabilities(3, 2, 3);
        Tensor targets = Tensor.of(new long[] {1, 2}, 2, 1);
        long[] one = {1, 1};
        assertThatThrownBy(() -> new CTCLoss().each(x, targets, new long[] {4, 1}, one))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("lengths from 0 to T = 3, got 4");
        assertThatThrownBy(() -> new CTCLoss().each(x, targets, one, new long[] {2, 1}))
                .hasMessageContaining("expects targets [N, S]");
        assertThatThrownBy(() -> new CTCLoss().each(x, targets.add(5L), one, one))
                .hasMessageContaining("labels in [0, 3), got 6");
        assertThatThrownBy(() -> new CTCLoss(3, false).each(x, targets, one, one))
                .hasMessageContaining("blank in [0, 3)");
    }
}
