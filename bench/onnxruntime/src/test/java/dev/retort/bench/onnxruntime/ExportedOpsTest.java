package dev.retort.bench.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.inference.OnnxExport;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.ReductionOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.SoftmaxOp;
import dev.retort.tensor.op.SortOp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// ONNX Runtime computes from single exported ops what they compute here, for another batch than the example's.
class ExportedOpsTest {
    private static final Rng RNG = new Rng(8);

    @TempDir
    private Path folder;

    private static final class Of extends Layer {
        private final UnaryOperator<Tensor> body;

        Of(UnaryOperator<Tensor> body) {
            this.body = body;
        }

        @Override
        protected Tensor forward(Tensor x) {
            return body.apply(x);
        }
    }

    /// Ops of one input `[N, 4, 6, 6]`.
    static Stream<Op> single() {
        return Stream.of(
                        Stream.<Op>of(
                                new ElementwiseOp.Neg(),
                                new ElementwiseOp.Abs(),
                                new ElementwiseOp.Sign(),
                                new ElementwiseOp.Square(),
                                new ElementwiseOp.Clamp(-0.5, Double.POSITIVE_INFINITY),
                                new ElementwiseOp.Clamp(Double.NEGATIVE_INFINITY, 0.5),
                                new ElementwiseOp.Clamp(-1, 1),
                                new ElementwiseOp.PowScalar(3),
                                new ElementwiseOp.Exp(),
                                new ElementwiseOp.Expm1(),
                                new ElementwiseOp.Sin(),
                                new ElementwiseOp.Cos(),
                                new ElementwiseOp.Tanh(),
                                new ElementwiseOp.Sigmoid(),
                                new ElementwiseOp.LogSigmoid(),
                                new ElementwiseOp.Erf(),
                                new ElementwiseOp.LeakyRelu(0.1),
                                new ElementwiseOp.Elu(0.7),
                                new ElementwiseOp.Gelu(true),
                                new ElementwiseOp.Gelu(false),
                                new ElementwiseOp.Silu(),
                                new ElementwiseOp.Mish(),
                                new ElementwiseOp.Hardswish(),
                                new ElementwiseOp.Hardsigmoid(),
                                new ElementwiseOp.Softplus(2),
                                new ElementwiseOp.Floor(),
                                new ElementwiseOp.Ceil(),
                                new ElementwiseOp.Round()),
                        Stream.<Op>of(
                                new ReductionOp.Sum(new int[] {1, 3}, false),
                                new ReductionOp.Mean(new int[] {2}, true),
                                new ReductionOp.Prod(new int[] {3}, false),
                                new ReductionOp.AMax(new int[] {1, 2}, false),
                                new ReductionOp.AMin(new int[] {3}, true),
                                new ReductionOp.Var(new int[] {2, 3}, 1, false),
                                new ReductionOp.Var(new int[] {1}, 0, true),
                                new ReductionOp.LogSumExp(new int[] {1}, false),
                                new ReductionOp.Norm(1, new int[] {1}, false),
                                new ReductionOp.Norm(2, new int[] {1}, false),
                                new ReductionOp.Norm(3, new int[] {1}, false),
                                new ReductionOp.Norm(0, new int[] {1}, false),
                                new ReductionOp.Norm(Double.POSITIVE_INFINITY, new int[] {2, 3}, true),
                                new ReductionOp.MaxWithIndices(2, false, false),
                                new ReductionOp.ArgMax(1, true, true),
                                new ReductionOp.CumSum(3),
                                new SoftmaxOp.Softmax(1),
                                new SoftmaxOp.LogSoftmax(3),
                                new SortOp.Sort(2, false),
                                new SortOp.TopK(2, 3, true)),
                        Stream.<Op>of(
                                new ShapeOp.Permute(new int[] {2, 0, 3, 1}),
                                new ShapeOp.Slice(3, 1, 2, 3),
                                new ShapeOp.Contiguous(),
                                new ShapeOp.Flip(new int[] {0, 3}),
                                new ShapeOp.Roll(new int[] {2, -1}, new int[] {1, 2}),
                                new ShapeOp.RepeatInterleave(3, 1),
                                new ShapeOp.RepeatInterleave(2, 0),
                                new ShapeOp.Triangle(true, 1),
                                new ShapeOp.Triangle(false, -1),
                                pad(ShapeOp.PadMode.CONSTANT, -1),
                                pad(ShapeOp.PadMode.REFLECT, 1),
                                pad(ShapeOp.PadMode.REPLICATE, 2)),
                        Stream.<Op>of(
                                new PoolOp.MaxPool2d(PoolOp.Window.of(3, 2, 1)),
                                new PoolOp.AvgPool2d(PoolOp.Window.of(3, 2, 1), true),
                                new PoolOp.AvgPool2d(PoolOp.Window.of(3, 2, 1), false),
                                new PoolOp.AdaptiveAvgPool2d(1, 1),
                                new PoolOp.AdaptiveAvgPool2d(2, 3),
                                new PoolOp.AdaptiveMaxPool2d(3, 1),
                                new ResampleOp.Interpolate(9, 4, ResampleOp.Mode.NEAREST, false),
                                new ResampleOp.Interpolate(9, 4, ResampleOp.Mode.BILINEAR, false),
                                new ResampleOp.Interpolate(9, 4, ResampleOp.Mode.BILINEAR, true),
                                new NormOp.LayerNorm(2, 1e-5),
                                new NormOp.GroupNorm(2, 1e-5),
                                new NormOp.RmsNorm(1, 1e-6)))
                .flatMap(ops -> ops);
    }

    private static Op pad(ShapeOp.PadMode mode, int before) {
        return new ShapeOp.Pad(new int[] {0, 0, before, 0}, new int[] {0, 0, 1, 2}, mode, 0.5);
    }

    @ParameterizedTest
    @MethodSource("single")
    void oneInput(Op op) throws IOException {
        check(op.name(), x -> Engine.run(op, x)[0]);
    }

    /// Functions of `[N, 4, 6, 6]` with several operands.
    static Stream<UnaryOperator<Tensor>> several() {
        Tensor vector = Random.normal(RNG, 6);
        Tensor channel = Random.normal(RNG, 4);
        Tensor matrix = Random.normal(RNG, 5, 6);
        Tensor kernel = Random.normal(RNG, 4, 3, 3, 3);
        Tensor added = Random.normal(RNG, 6, 6);
        Tensor few =
                Tensor.of(new boolean[] {false, true, false, false, true, true}).expand(6, 6);
        return Stream.of(
                x -> x.abs()
                        .add(0.1)
                        .log()
                        .add(x.abs().log1p())
                        .add(x.abs().add(1).rsqrt()),
                x -> x.remainder(vector).add(x.maximum(vector)).sub(x.minimum(vector)),
                x -> Tensor.where(x.gt(vector), x, vector).maskedFill(x.le(-1), 2),
                x -> x.lt(0).logicalOr(x.ge(1)).to(DType.F32).add(x.ne(vector).to(DType.F32)),
                x -> x.gt(5)
                        .any(false, 1)
                        .to(DType.F32)
                        .add(x.lt(1).all(false, 1).to(DType.F32)),
                x -> x.linear(matrix, null),
                x -> x.flatten(1).linear(Tensor.ones(2, 144), Tensor.ones(2)),
                x -> x.matmul(matrix.t()).sum(false, 1),
                x -> Engine.one(new NormOp.GroupNorm(4, 1e-5), x, channel, channel),
                x -> Engine.run(new NormOp.RmsNorm(1, 1e-6), x, vector)[0],
                x -> Engine.one(new NormOp.BatchNormEval(1e-5), x, channel, channel.square()),
                x -> Engine.one(new ConvOp.Conv2dInputGrad(ConvOp.Geometry.of(2, 1), 12, 11), x, kernel),
                x -> Engine.run(attention(false), x, x.narrow(1, 0, 2), x.narrow(1, 2, 2))[0],
                x -> Engine.run(attention(true), x, x, x)[0],
                x -> Engine.run(attention(true), x.narrow(2, 3, 3), x, x)[0],
                x -> Engine.run(attention(false), x, x, x, added)[0],
                x -> Engine.run(attention(true), x, x, x, few)[0],
                x -> Tensor.cat(2, x, x.narrow(2, 1, 2)),
                x -> x.indexSelect(3, Tensor.of(new long[] {5, 0, 0})));
    }

    private static AttentionOp attention(boolean causal) {
        return new AttentionOp.Attention(0.4, causal, 0, 0, 0);
    }

    @ParameterizedTest
    @MethodSource("several")
    void severalInputs(UnaryOperator<Tensor> body) throws IOException {
        check("function", body);
    }

    private void check(String name, UnaryOperator<Tensor> body) throws IOException {
        Layer network = new Of(body);
        network.eval();
        Tensor x = Random.normal(RNG, 2, 4, 6, 6).mul(1.5);
        Path file = folder.resolve("op.onnx");
        OnnxExport.Written written = OnnxExport.write(network, x.narrow(0, 0, 1), file);
        try (OnnxRuntimeSession session = new OnnxRuntimeSession(file, 1);
                var _ = Autograd.noGrad()) {
            assertThat(written.anyBatch()).as(name).isTrue();
            Tensor expected = network.call(x);
            Tensor got = session.apply(x);
            assertThat(got.shape()).as(name).isEqualTo(expected.shape());
            double[] ours = expected.toDoubles();
            double[] theirs = got.toDoubles();
            for (int i = 0; i < ours.length; i++) {
                assertThat(theirs[i])
                        .as(name + ": element " + i)
                        .isCloseTo(ours[i], within(1e-5 * Math.max(1, Math.abs(ours[i]))));
            }
        }
    }
}
