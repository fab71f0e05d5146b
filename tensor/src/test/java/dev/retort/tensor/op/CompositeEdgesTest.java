package dev.retort.tensor.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Fused kernels and composites agree where they could most easily differ: empty extents, unusual ranks,
/// infinities, ignored rows and rows that see nothing.
class CompositeEdgesTest {
    private static final double LOW = Double.NEGATIVE_INFINITY;

    private static Tensor random(long seed, int... shape) {
        return Engine.one(new RandomOp.Normal(0, 1, Shape.of(shape), DType.F64, seed, 0));
    }

    private static Tensor zeros(int... shape) {
        return Tensor.zeros(DType.F64, shape);
    }

    private static Arguments of(String label, Op op, Tensor... inputs) {
        return Arguments.of(label, op, inputs);
    }

    static Stream<Arguments> products() {
        Tensor weight = random(2, 3, 4);
        return Stream.of(
                of("vector", new MatMulOp.Linear(), random(1, 4), weight, random(3, 3)),
                of("no rows", new MatMulOp.Linear(), zeros(0, 4), weight),
                of("many leading dimensions", new MatMulOp.Linear(), random(1, 2, 1, 3, 4), weight, random(3, 3)),
                of("no inputs", new MatMulOp.Linear(), zeros(2, 0), zeros(3, 0), random(3, 3)),
                of("softmax of a masked row", new SoftmaxOp.Softmax(1), Tensor.of(new double[] {1, LOW, 2, LOW}, 2, 2)),
                of("log-softmax", new SoftmaxOp.LogSoftmax(0), random(1, 3, 2)));
    }

    static Stream<Arguments> norms() {
        Tensor two = random(8, 2);
        return Stream.of(
                of("rank 2", new NormOp.BatchNorm(1e-5), random(1, 5, 2)),
                of("rank 5", new NormOp.BatchNorm(1e-5), random(1, 3, 2, 2, 1, 2), two, random(9, 2)),
                of("one element a channel", new NormOp.BatchNorm(1e-5), random(1, 1, 2), two, two),
                of("no channels", new NormOp.BatchNorm(1e-5), zeros(2, 0, 3)),
                of("given statistics", new NormOp.BatchNormEval(1e-5), random(1, 3, 2, 4), two, two.square()),
                of("and affine", new NormOp.BatchNormEval(1e-5), random(1, 3, 2), two, two.square(), two, two),
                of("no batch", new NormOp.BatchNormEval(1e-5), zeros(0, 2, 3), two, two.square(), two, two),
                of("all dimensions", new NormOp.LayerNorm(2, 1e-5), random(1, 3, 2)),
                of("a vector", new NormOp.LayerNorm(1, 1e-5), random(1, 6), random(2, 6), random(3, 6)),
                of("no rows", new NormOp.LayerNorm(1, 1e-5), zeros(0, 3), random(2, 3), random(3, 3)),
                of("no batch", new NormOp.GroupNorm(2, 1e-5), zeros(0, 4, 3), random(2, 4), random(3, 4)),
                of("rank 2", new NormOp.GroupNorm(2, 1e-5), random(1, 3, 4), random(2, 4), random(3, 4)),
                of("instance", new NormOp.GroupNorm(4, 1e-5), random(1, 2, 4, 3, 2), random(2, 4), random(3, 4)),
                of("one dimension", new NormOp.RmsNorm(1, 1e-5), random(1, 2, 3, 4), random(2, 4)),
                of("all dimensions", new NormOp.RmsNorm(2, 1e-5), random(1, 3, 2)));
    }

    static Stream<Arguments> losses() {
        Tensor z = random(1, 4, 3);
        Tensor masked = Tensor.of(new double[] {1, LOW, 2, 1e300, 0, 0}, 2, 3);
        Tensor classes = Tensor.of(new long[] {2, -100, 0, -100});
        Tensor weight = Tensor.of(new double[] {0, 0.5, 3});
        Tensor logQ = Tensor.of(new double[] {LOW, LOW, -1, -1, 2});
        Tensor p = Tensor.of(new double[] {0, 0.5, 0, 1, 0.2});
        Tensor large = Tensor.of(new double[] {0, 800, -800, 800, -800});
        Tensor half = Tensor.of(new double[] {0.5, 0, 0, 1, 1});
        return Stream.of(
                of("ignored rows", new LossOp.CrossEntropy(0, -100), z, classes),
                of("smoothing", new LossOp.CrossEntropy(0.1, -100), z, classes),
                of("smoothing only", new LossOp.CrossEntropy(1, -100), z, classes, weight),
                of("weights", new LossOp.CrossEntropy(0.1, 0), z, Tensor.of(new int[] {0, 1, 2, 0}), weight),
                of("masked logits", new LossOp.CrossEntropy(0, -1), masked, Tensor.of(new long[] {0, 1})),
                of("no rows", new LossOp.CrossEntropy(0.1, -1), zeros(0, 3), Tensor.of(new long[0])),
                of("one class", new LossOp.CrossEntropy(0.1, -1), random(1, 2, 1), Tensor.of(new long[] {0, -1})),
                of("soft targets", new LossOp.SoftCrossEntropy(), z, random(2, 4, 3)),
                of("no rows", new LossOp.SoftCrossEntropy(), zeros(0, 3), zeros(0, 3)),
                of("zero targets", new LossOp.KlDiv(false), logQ, p),
                of(
                        "log targets",
                        new LossOp.KlDiv(true),
                        Tensor.of(new double[] {-1, -3, 0, 1, -2}),
                        logQ.clamp(-5, 9)),
                of("mse", new LossOp.Mse(), large, half),
                of("l1", new LossOp.L1(), large, half),
                of("at beta", new LossOp.SmoothL1(0.5), p, Tensor.of(new double[] {0.5, 0, 0, 0, Double.NaN})),
                of("large logits", new LossOp.BceWithLogits(), large, half));
    }

    static Stream<Arguments> attentions() {
        Tensor q = random(1, 2, 4, 3, 2);
        Tensor k = random(2, 2, 2, 5, 2);
        Tensor v = random(3, 2, 2, 5, 3);
        Tensor visible =
                Tensor.of(new boolean[] {true, false, true, false, false}).expand(3, 5);
        Tensor nothing = Tensor.zeros(DType.BOOL, 2, 1, 3, 5);
        Tensor bias = random(4, 4, 1, 5);
        return Stream.of(
                of("grouped", plain(false), q, k, v),
                of("causal, more keys", plain(true), q, k, v),
                of(
                        "causal, more queries",
                        plain(true),
                        random(1, 1, 1, 5, 2),
                        random(2, 1, 1, 2, 2),
                        random(3, 1, 1, 2, 2)),
                of("expanded mask", plain(true), q, k, v, visible),
                of("hidden rows", plain(false), q, k, v, nothing),
                of("added mask", plain(false), q, k, v, bias),
                of("scalar mask", plain(false), q, k, v, Tensor.scalar(DType.F64, 0.5)),
                of("infinite mask", plain(false), q, k, v, Tensor.full(LOW, DType.F64, 3, 5)),
                of("dropout", new AttentionOp.Attention(0.5, true, 0.4, 3, 9), q, k, v),
                of("no batch", plain(true), zeros(0, 4, 3, 2), zeros(0, 2, 5, 2), zeros(0, 2, 5, 3)),
                of("no keys", plain(false), q, zeros(2, 2, 0, 2), zeros(2, 2, 0, 3)),
                of("no queries", plain(false), zeros(2, 4, 0, 2), k, v));
    }

    private static AttentionOp.Attention plain(boolean causal) {
        return new AttentionOp.Attention(0.7, causal, 0, 0, 0);
    }

    @ParameterizedTest(name = "{1}: {0}")
    @MethodSource({"products", "norms", "losses", "attentions"})
    void compositeGivesTheKernelsResults(String label, Op op, Tensor[] inputs) {
        Tensor[] fused = Engine.run(op, inputs);
        Tensor[] composite = ((Fused) op).composite(inputs);
        assertThat(composite).as(label).hasSameSizeAs(fused);
        for (int i = 0; i < fused.length; i++) {
            assertThat(composite[i].type()).as("%s, result %s", label, i).isEqualTo(fused[i].type());
            double[] expected = fused[i].toDoubles();
            double[] actual = composite[i].toDoubles();
            for (int j = 0; j < expected.length; j++) {
                if (!Double.isFinite(expected[j])) {
                    assertThat(actual[j])
                            .as("%s, result %s, element %s", label, i, j)
                            .isEqualTo(Double.valueOf(expected[j]));
                } else {
                    double size = Math.max(1, Math.abs(expected[j]));
                    assertThat(actual[j] / size)
                            .as("%s, result %s, element %s", label, i, j)
                            .isCloseTo(expected[j] / size, within(1e-12));
                }
            }
        }
    }
}
