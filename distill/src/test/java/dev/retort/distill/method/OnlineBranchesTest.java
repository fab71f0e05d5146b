package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.Architecture;
import dev.retort.distill.Distillation;
import dev.retort.distill.Distilled;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.Mlp;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class OnlineBranchesTest {
    private static final double CLOSE = 1e-10;
    private static final Tap SPLIT = Tap.output("layers.relu1");
    private static final Architecture BRANCH = new Architecture("mlp8", rng -> new Mlp(Mlp.Config.of(10, 3, 8), rng));
    private static final Tensor LABELS = Tensor.of(new long[] {2, -1});

    private final Tensor logits = Random.normal(new Rng(1), 0, 1, DType.F64, 2, 3, 4);
    private final Tensor gate = Random.normal(new Rng(2), 0, 1, DType.F64, 2, 3).softmax(1);

    private static double[] softmax(double[] z, double temperature) {
        double[] p = new double[z.length];
        double sum = 0;
        for (int j = 0; j < z.length; j++) {
            p[j] = Math.exp(z[j] / temperature);
            sum += p[j];
        }
        for (int j = 0; j < z.length; j++) {
            p[j] /= sum;
        }
        return p;
    }

    @Test
    void agreesWithPlainLoops() {
        double expected = 0;
        for (int i = 0; i < 2; i++) {
            double[] ensemble = new double[4];
            for (int k = 0; k < 3; k++) {
                for (int j = 0; j < 4; j++) {
                    ensemble[j] += gate.get(i, k) * logits.get(i, k, j);
                }
            }
            double[] taught = softmax(ensemble, 3);
            if (i == 0) {
                expected -= Math.log(softmax(ensemble, 1)[2]);
            }
            for (int k = 0; k < 3; k++) {
                double[] own = logits.select(0, i).select(0, k).toDoubles();
                if (i == 0 && k > 0) {
                    expected -= Math.log(softmax(own, 1)[2]);
                }
                double[] q = softmax(own, 3);
                for (int j = 0; j < 4; j++) {
                    expected += .5 * 9 * taught[j] * Math.log(taught[j] / q[j]);
                }
            }
        }
        Tensor loss = OnlineBranches.loss(logits, gate, LABELS, 3, .5);
        assertThat(loss.item()).isCloseTo(expected, within(CLOSE));
    }

    /// Cross-entropies have gradients to branches and gate; the divergence takes the ensemble for a constant.
    @Test
    void gradients() {
        GradCheck.defaults()
                .firstOrder("one", in -> new Tensor[] {OnlineBranches.loss(in[0], in[1], LABELS, 3, 0)}, logits, gate)
                .verify();
        Tensor z = logits.detach().requiresGrad(true);
        Tensor whole = OnlineBranches.loss(z, gate, LABELS, 3, 1).sub(OnlineBranches.loss(z, gate, LABELS, 3, 0));
        double[] found = Autograd.grad(whole, z)[0].toDoubles();
        Tensor taught = logits.mul(gate.unsqueeze(2)).sum(false, 1);
        Tensor sum = HintonKd.divergence(z.select(1, 0), taught, 3).sum();
        for (int k = 1; k < 3; k++) {
            sum = sum.add(HintonKd.divergence(z.select(1, k), taught, 3).sum());
        }
        assertThat(found).containsExactly(Autograd.grad(sum, z)[0].toDoubles(), within(CLOSE));
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new OnlineBranches(SPLIT, BRANCH, 1, 3, 80))
                .hasMessage("one: expected at least 2 branches, got 1");
        assertThatThrownBy(() -> new OnlineBranches(SPLIT, BRANCH, 2, 0, 80))
                .hasMessageContaining("one: expected a positive temperature");
        assertThatThrownBy(() -> new OnlineBranches(SPLIT, BRANCH, 2, 3, 0)).hasMessageContaining("ramp-up");
    }

    @Test
    void branchesLearnTogetherAndAreDropped() throws IOException {
        Tensor inputs = Random.normal(new Rng(4), 48, 6);
        Dataset samples = new TensorDataset(inputs, inputs.narrow(1, 0, 3).argmax(1));
        Distilled result = Distillation.withoutTeacher(rng -> new Mlp(Mlp.Config.of(6, 3, 10, 8), rng))
                .labelled(samples)
                .method(new OnlineBranches(SPLIT, BRANCH, 3, 3, 5))
                .training(TokenKdTest.training(15))
                .fit();
        assertThat(TokenKdTest.last(result, "label")).isLessThan(.6 * TokenKdTest.first(result, "label"));
        assertThat(TokenKdTest.last(result, "branches")).isLessThan(.7 * TokenKdTest.first(result, "branches"));
        assertThat(result.student().stateDict().keySet()).allMatch(name -> name.startsWith("layers."));
    }
}
