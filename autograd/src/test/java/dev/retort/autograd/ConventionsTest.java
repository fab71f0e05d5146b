package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.normalLeaf;
import static dev.retort.autograd.Tensors.one;
import static dev.retort.autograd.Tensors.scalar;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.QuantOp;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Gradients where differences cannot tell: kinks, ties, zeros, infinities, and gradients that are
/// defined otherwise.
class ConventionsTest {
    private static final double INFINITE = Double.POSITIVE_INFINITY;

    private static double[] gradient(UnaryOperator<Tensor> f, double... x) {
        Tensor leaf = leaf(x);
        f.apply(leaf).sum().backward();
        double[] fast = leaf.grad().toDoubles();
        double[] graph =
                Autograd.grad(
                        List.of(f.apply(leaf).sum()),
                        List.of(leaf),
                        GradOptions.defaults().withCreateGraph())[0].toDoubles();
        assertThat(graph).as("with a graph").containsExactly(fast, within(1e-15));
        return Arrays.stream(fast).map(g -> g + 0.0).toArray(); // −0 as 0
    }

    @Test
    void kinksOfUnaryOps() {
        assertThat(gradient(Tensor::relu, -1, 0, 2)).containsExactly(0, 0, 1);
        assertThat(gradient(Tensor::abs, -1, 0, 2)).containsExactly(-1, 0, 1);
        assertThat(gradient(x -> x.clamp(-1, 1), -2, -1, 0, 1, 2)).containsExactly(0, 1, 1, 1, 0);
        assertThat(gradient(x -> x.leakyRelu(0.1), -1, 0, 2)).containsExactly(0.1, 0.1, 1);
        assertThat(gradient(x -> x.elu(0.5), 0, 1e4)).containsExactly(0.5, 1);
        assertThat(gradient(Tensor::hardswish, -3, 3)).containsExactly(-0.5, 1.5);
        assertThat(gradient(Tensor::hardsigmoid, -3, 3)).containsExactly(0, 0);
        assertThat(gradient(x -> x.pow(0.0), 0, 2)).containsExactly(0, 0);
        assertThat(gradient(Tensor::floor, 0, 1.5)).containsExactly(0, 0);
    }

    @Test
    void deviationsAndNormsThatAreZero() {
        assertThat(gradient(x -> x.std(1, false), 3, 3, 3)).containsExactly(0, 0, 0);
        assertThat(gradient(x -> x.std(0, false), 3)).containsExactly(0);
        assertThat(gradient(x -> x.norm(2, false), 0, 0)).containsExactly(0, 0);
        assertThat(gradient(x -> x.norm(-1, false), 0, 1, 2)).containsExactly(0, 0, 0);
    }

    @Test
    void largeArgumentsGiveNoNaN() {
        assertThat(gradient(Tensor::silu, -1e3, 1e3)).containsExactly(0, 1);
        assertThat(gradient(Tensor::mish, -1e3, 1e3)).containsExactly(0, 1);
        assertThat(gradient(Tensor::gelu, -1e3, 1e3)).containsExactly(0, 1);
        assertThat(gradient(Tensor::logSigmoid, -1e3, 1e3)).containsExactly(1, 0);
        assertThat(gradient(Tensor::softplus, -1e3, 1e3)).containsExactly(0, 1);
    }

    @Test
    void maskedInfinitiesGiveNoNaN() {
        Tensor x = leaf(-1, 4);
        Tensor bad = x.detach().lt(0);
        x.maskedFill(bad, 1).sqrt().maskedFill(bad, 0).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(0, 0.25);
    }

    @Test
    void tiesOfTwo() {
        Tensor a = leaf(1, 2, 3);
        Tensor b = leaf(2, 2, 2);
        a.maximum(b).sum().backward();
        assertThat(a.grad().toDoubles()).containsExactly(0, 0.5, 1);
        assertThat(b.grad().toDoubles()).containsExactly(1, 0.5, 0);
        a.grad(null);
        a.minimum(b).sum().backward();
        assertThat(a.grad().toDoubles()).containsExactly(1, 0.5, 0);
    }

    @Test
    void tiesOfMany() {
        assertThat(gradient(x -> x.amax(0), 3, 1, 3, 3))
                .containsExactly(new double[] {1 / 3., 0, 1 / 3., 1 / 3.}, within(1e-15));
        assertThat(gradient(x -> x.amin(0), 3, 1, 1)).containsExactly(0, 0.5, 0.5);
        assertThat(gradient(x -> x.norm(INFINITE, false, 0), 3, -3, 1)).containsExactly(0.5, -0.5, 0);
        assertThat(gradient(x -> x.max(0, false).values(), 3, 1, 3))
                .as("the first wins")
                .containsExactly(1, 0, 0);
    }

    @Test
    void productsWithZeros() {
        assertThat(gradient(x -> x.prod(), 2, 3, 4)).containsExactly(12, 8, 6);
        assertThat(gradient(x -> x.prod(), 2, 0, 4)).containsExactly(0, 8, 0);
        assertThat(gradient(x -> x.prod(), 0, 3, 0)).containsExactly(0, 0, 0);
        GradCheck check = GradCheck.defaults();
        Tensor zeros = Tensor.of(new double[] {2, 0, 4, 0, 0, 3, 1, 5}, 2, 2, 2);
        check.firstOrder("prod", in -> one(in[0].prod(false, 0, 2)), zeros).verify();
        check.secondOrder("prod", in -> one(in[0].prod(false, 0, 2)), zeros).verify();
    }

    @Test
    void powersOfZero() {
        Tensor a = leaf(0, 0, 0, 2);
        Tensor b = leaf(0, 1, 2, 0);
        a.pow(b).sum().backward();
        assertThat(a.grad().toDoubles()).containsExactly(0, 1, 0, 0);
        assertThat(b.grad().toDoubles()).containsExactly(new double[] {0, 0, 0, Math.log(2)}, within(1e-15));
    }

    @Test
    void normsAtZero() {
        for (double p : new double[] {0, 1, 1.5, 2, 3}) {
            assertThat(gradient(x -> x.norm(p, false, 0), 0, 0)).as("p = " + p).containsExactly(0, 0);
        }
        assertThat(gradient(x -> x.norm(1.5, false, 0), 0, 4)).containsExactly(new double[] {0, 1}, within(1e-15));
    }

    @Test
    void logSumExpOfNothing() {
        assertThat(gradient(x -> x.logsumexp(0), -INFINITE, -INFINITE)).containsExactly(0, 0);
        assertThat(gradient(x -> x.logsumexp(0), -INFINITE, 3)).containsExactly(0, 1);
        assertThat(gradient(x -> x.softmax(0).select(0, 1), -INFINITE, 3)).containsExactly(0, 0);
    }

    @Test
    void overwrittenScattersGetNothing() {
        Tensor x = leaf(1, 2, 3);
        Tensor source = leaf(10, 20, 30);
        Tensor index = Tensor.of(new long[] {2, 0, 2}, 3);
        Tensor y = x.scatter(0, index, source);
        assertThat(y.toDoubles()).containsExactly(20, 2, 30);
        y.mul(vector(1, 10, 100)).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(0, 10, 0);
        assertThat(source.grad().toDoubles()).containsExactly(0, 1, 100);
    }

    @Test
    void paddingRowsOfEmbeddings() {
        Tensor w = normalLeaf(1, 3, 2);
        Tensor index = Tensor.of(new long[] {0, 2, 2, 1}, 4);
        Engine.one(new IndexOp.Embedding(2), w, index).sum().backward();
        assertThat(w.grad().toDoubles()).containsExactly(1, 1, 1, 1, 0, 0);
        GradCheck.defaults()
                .secondOrder(
                        "embedding",
                        in -> one(Engine.one(new IndexOp.Embedding(2), in).square()),
                        normal(1, 2, 2),
                        Tensor.of(new long[] {0, 1, 1}, 3))
                .verify();
    }

    @Test
    void fakeQuantisationPassesStraightThrough() {
        Tensor x = leaf(-3, -1.02, 0.26, 0.9);
        Tensor scale = scalar(0.5);
        Tensor zero = scalar(0);
        Tensor y = Engine.one(new QuantOp.FakeQuantize(-2, 1), x, scale, zero);
        assertThat(y.toDoubles()).containsExactly(-1, -1, 0.5, 0.5);
        y.mul(vector(1, 2, 3, 4)).sum().backward();
        assertThat(x.grad().toDoubles()).as("−3 and 0.9 round outside").containsExactly(0, 2, 3, 0);
        assertThat(scale.grad()).isNull();
    }

    @Test
    void castsGiveTheGradientTheInputsDType() {
        Tensor x = leaf(1, 2).detach().to(DType.F32).requiresGrad(true);
        x.to(DType.F64).mul(vector(3, 4)).to(DType.BF16).sum().backward();
        assertThat(x.grad().type()).isEqualTo(x.type());
        assertThat(x.grad().toDoubles()).containsExactly(3, 4);
    }

    @Test
    void mixedDTypesArePromotedAndBack() {
        Tensor x = leaf(1, 2);
        Tensor w = vector(3, 4).to(DType.F32).requiresGrad(true);
        x.mul(w).sum().backward();
        assertThat(w.grad().type()).isEqualTo(w.type());
        assertThat(x.grad().toDoubles()).containsExactly(3, 4);
    }

    @Test
    void halfTypesHaveGradients() {
        for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
            Tensor x = vector(0.5, -1).to(dtype).requiresGrad(true);
            Tensor y = vector(2, 4).to(dtype).requiresGrad(true);
            x.mul(y).relu().sum().backward();
            assertThat(x.grad().type()).isEqualTo(x.type());
            assertThat(x.grad().toDoubles()).containsExactly(2, 0);
        }
    }

    @Test
    void ignoredRowsOfCrossEntropy() {
        Tensor logits = normalLeaf(1, 3, 4);
        Tensor classes = Tensor.of(new long[] {1, -100, 3}, 3);
        Engine.run(new LossOp.CrossEntropy(0.1, -100), logits, classes)[0].sum().backward();
        double[] g = logits.grad().toDoubles();
        for (int c = 4; c < 8; c++) {
            assertThat(g[c]).isZero();
        }
        assertThat(g[1]).isNegative();
    }

    @Test
    void classWeightsOfCrossEntropyHaveGradients() {
        Tensor classes = Tensor.of(new long[] {1, 0, 3}, 3);
        GradCheck.defaults()
                .firstOrder(
                        "cross entropy",
                        in -> one(Engine.run(new LossOp.CrossEntropy(0.1, -100), in[0], classes, in[1])[0]),
                        normal(1, 3, 4),
                        normal(2, 4))
                .verify();
    }

    @Test
    void attentionRowsThatSeeNothing() {
        Tensor q = normalLeaf(1, 1, 1, 2, 3);
        Tensor k = normalLeaf(2, 1, 1, 2, 3);
        Tensor v = normalLeaf(3, 1, 1, 2, 3);
        Tensor mask = Tensor.of(new boolean[] {false, false, true, true}, 2, 2);
        AttentionOp op = new AttentionOp.Attention(0.5, false, 0, 0, 0);
        for (GradOptions options :
                List.of(GradOptions.defaults(), GradOptions.defaults().withCreateGraph())) {
            Tensor y = Engine.run(op, q, k, v, mask)[0];
            for (Tensor g : Autograd.grad(List.of(y.sum()), List.of(q, k, v), options)) {
                assertThat(g.isFinite().all().item()).isEqualTo(1);
            }
            assertThat(Autograd.grad(List.of(Engine.run(op, q, k, v, mask)[0].sum()), List.of(q), options)[0]
                            .select(2, 0)
                            .toDoubles())
                    .containsExactly(0, 0, 0);
        }
    }

    /// A penalty on the statistics of a layer, as data-free distillation uses it.
    @Test
    void batchStatisticsHaveGradients() {
        GradCheck.defaults()
                .firstOrder(
                        "statistics",
                        in -> {
                            Tensor[] results = Engine.run(new NormOp.BatchNorm(1e-5), in[0]);
                            return new Tensor[] {results[1].square(), results[2].square()};
                        },
                        normal(1, 3, 2, 2))
                .verify();
    }

    @Test
    void remaindersAreLinearBetweenJumps() {
        GradCheck.defaults()
                .firstOrder(
                        "remainder",
                        in -> one(Engine.one(new ElementwiseOp.Remainder(), in)),
                        vector(5.3, -5.3, 1.1),
                        vector(2, 2, -0.7))
                .verify();
    }

    /// The floating quotient of 1 and 0.1 is 10, the exact one below it.
    @Test
    void theGradientOfADivisorCountsWholeQuotients() {
        assertThat(gradient(x -> scalar(1).remainder(x), 0.1)).containsExactly(-9);
    }

    @Test
    void logarithmsOfSumsShareTheirGradientHoweverLargeTheyAre() {
        for (double x : new double[] {0, 1e20, -1e20}) {
            assertThat(gradient(v -> v.logaddexp(scalar(x)), x)).containsExactly(0.5);
            assertThat(gradient(v -> v.logaddexp2(scalar(x)), x)).containsExactly(0.5);
        }
        assertThat(gradient(v -> v.logaddexp(scalar(1)), INFINITE, -INFINITE)).containsExactly(1, 0);
        assertThat(gradient(v -> scalar(1).logaddexp2(v), INFINITE, -INFINITE)).containsExactly(1, 0);
        assertThat(gradient(v -> v.logaddexp(scalar(-INFINITE)), -INFINITE)).containsExactly(0);
        assertThat(gradient(v -> v.logcumsumexp(0), -INFINITE, 0)).containsExactly(1, 1);
    }

    @Test
    void gradientsAreFiniteAtZeros() {
        assertThat(gradient(y -> y.atan2(scalar(0)), 0)).containsExactly(0);
        assertThat(gradient(x -> scalar(0).atan2(x), 0)).containsExactly(0);
        assertThat(gradient(x -> x.add(x.truncDivide(scalar(0))), 1)).containsExactly(1);
        assertThat(gradient(x -> x.reshape(1, 1, 2).lpPool1d(2, 2, 2, false), 0, 0))
                .containsExactly(0, 0);
    }

    @Test
    void theGradientOfSincDoesNotCancelNearZero() {
        double x = 1e-6;
        double expected = -Math.PI * Math.PI / 3 * x;
        assertThat(gradient(Tensor::sinc, x, 0, 1e-300)).containsExactly(new double[] {expected, 0, 0}, within(1e-15));
        GradCheck.defaults()
                .firstOrder("sinc", in -> one(in[0].sinc()), vector(0.01, 0.31, 0.32, -2.5))
                .verify();
    }

    @Test
    void emptyTensorsHaveEmptyGradients() {
        Tensor x = Tensor.zeros(DType.F64, 0, 3).requiresGrad(true);
        Tensor w = normalLeaf(1, 2, 3);
        x.linear(w, null).softmax(1).sum().backward();
        assertThat(x.grad().shape()).isEqualTo(x.shape());
        assertThat(w.grad().toDoubles()).containsOnly(0);
    }
}
