package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.SoftmaxOp;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Gradients by the fast kernel and by the composite agree, and second gradients are finite, where
/// differences cannot check: rows that see nothing, ignored rows, infinite logits, kinks.
class FusedGradientEdgesTest {
    private static final double LOW = Double.NEGATIVE_INFINITY;

    private static Tensor random(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static Arguments of(String label, Op op, Tensor... inputs) {
        return Arguments.of(label, op, inputs);
    }

    private static AttentionOp.Attention attention(boolean causal, double dropout) {
        return new AttentionOp.Attention(0.7, causal, dropout, 3, 4);
    }

    static Stream<Arguments> attentions() {
        Tensor q = random(1, 1, 4, 3, 2);
        Tensor k = random(2, 1, 2, 5, 2);
        Tensor v = random(3, 1, 2, 5, 3);
        boolean[] rows = {
            true, false, true, false, true, false, false, false, false, false, true, true, true, true, true
        };
        Tensor bool = Tensor.of(rows, 3, 5); // the second query sees nothing
        Tensor added = Tensor.zeros(DType.F64, 3, 5).maskedFill(bool.logicalNot(), LOW);
        return Stream.of(
                of("boolean mask", attention(false, 0), q, k, v, bool),
                of("boolean mask, causal, dropout", attention(true, 0.4), q, k, v, bool),
                of("constant added mask", attention(false, 0), q, k, v, added),
                of(
                        "more queries than keys",
                        attention(true, 0),
                        random(1, 1, 1, 5, 2),
                        random(2, 1, 1, 2, 2),
                        random(3, 1, 1, 2, 2)));
    }

    static Stream<Arguments> losses() {
        Tensor z = random(1, 4, 3);
        Tensor masked = Tensor.of(new double[] {1, LOW, 2, 0, 0, LOW}, 2, 3);
        Tensor classes = Tensor.of(new long[] {2, -100, 0, -100});
        Tensor large = Tensor.of(new double[] {0, 800, -800, 800, -800});
        Tensor labels = Tensor.of(new double[] {0.5, 0, 0, 1, 1});
        Tensor p = Tensor.of(new double[] {0, 0.5, 0, 1, 0.2});
        return Stream.of(
                of("ignored rows", new LossOp.CrossEntropy(0.1, -100), z, classes),
                of("masked logits", new LossOp.CrossEntropy(0, -100), masked, Tensor.of(new long[] {0, 1})),
                of("large logits", new LossOp.BceWithLogits(), large, labels),
                of("zero targets", new LossOp.KlDiv(false), random(2, 5), p),
                of("beyond and within beta", new LossOp.SmoothL1(0.5), large, labels),
                of("equal elements", new LossOp.L1(), p, p.clamp(0, 0.5)),
                of("masked row", new SoftmaxOp.LogSoftmax(1), Tensor.of(new double[] {3, 1, 2, 0}, 2, 2)),
                of("constant rows", new NormOp.LayerNorm(1, 1e-5), Tensor.ones(DType.F64, 2, 4)),
                of("constant channels", new NormOp.BatchNorm(1e-5), Tensor.ones(DType.F64, 3, 2, 2)),
                of("zero rows", new NormOp.RmsNorm(1, 1e-5), Tensor.zeros(DType.F64, 2, 4)));
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource({"attentions", "losses"})
    void fastAndCompositeGradientsAgree(String label, Op op, Tensor[] inputs) {
        List<Tensor> leaves = new ArrayList<>();
        Tensor[] in = new Tensor[inputs.length];
        for (int i = 0; i < in.length; i++) {
            boolean constantMask = op instanceof AttentionOp && i == 3;
            in[i] = inputs[i].detach();
            if (in[i].dtype().isFloating() && !constantMask) {
                leaves.add(in[i].requiresGrad(true));
            }
        }
        Tensor y = Engine.run(op, in)[0];
        GradOptions options = GradOptions.defaults()
                .withRetainGraph()
                .withGradOutputs(random(9, y.shape().dims()));
        Tensor[] fast = Autograd.grad(List.of(y), leaves, options);
        Tensor[] composite = Autograd.grad(List.of(y), leaves, options.withCreateGraph());
        Tensor energy = Tensor.zeros(DType.F64);
        for (int i = 0; i < fast.length; i++) {
            double[] expected = fast[i].toDoubles();
            assertThat(expected).as("%s, input %s", label, i).doesNotContain(Double.NaN);
            assertThat(composite[i].toDoubles()).as("%s, input %s", label, i).containsExactly(expected, within(1e-10));
            energy = energy.add(composite[i].square().sum());
        }
        if (energy.requiresGrad()) {
            GradOptions second = GradOptions.defaults().withAllowUnused();
            for (Tensor gradient : Autograd.grad(List.of(energy), leaves, second)) {
                if (gradient != null) {
                    assertThat(gradient.toDoubles())
                            .as("%s, second order", label)
                            .doesNotContain(Double.NaN);
                }
            }
        }
    }
}
