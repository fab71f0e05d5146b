package dev.retort.tensor.cpu.fast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.CpuBackend;
import dev.retort.tensor.cpu.reference.ReferenceKernels;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.Op;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Fast and reference kernels choose the same value and the same subgradient where a function has a kink,
/// and treat NaN and infinities alike.
class KinksTest {
    private static final float[] POINTS = {
        0f,
        -0f,
        1f,
        -1f,
        3f,
        -3f,
        6f,
        -6f,
        0.5f,
        -0.5f,
        1.5f,
        2.5f,
        -2.5f,
        20f,
        1e-30f,
        -1e-30f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY
    };

    static Stream<ElementwiseOp.Unary> functions() {
        return Stream.of(
                new ElementwiseOp.Neg(),
                new ElementwiseOp.Abs(),
                new ElementwiseOp.Sign(),
                new ElementwiseOp.Square(),
                new ElementwiseOp.AddScalar(0.3),
                new ElementwiseOp.MulScalar(-2),
                new ElementwiseOp.Clamp(-1, 3),
                new ElementwiseOp.Relu(),
                new ElementwiseOp.PowScalar(2),
                new ElementwiseOp.PowScalar(0.5),
                new ElementwiseOp.PowScalar(-1),
                new ElementwiseOp.Exp(),
                new ElementwiseOp.Expm1(),
                new ElementwiseOp.Log(),
                new ElementwiseOp.Log1p(),
                new ElementwiseOp.Sqrt(),
                new ElementwiseOp.Rsqrt(),
                new ElementwiseOp.Reciprocal(),
                new ElementwiseOp.Sin(),
                new ElementwiseOp.Cos(),
                new ElementwiseOp.Tanh(),
                new ElementwiseOp.Sigmoid(),
                new ElementwiseOp.LogSigmoid(),
                new ElementwiseOp.Erf(),
                new ElementwiseOp.LeakyRelu(0.1),
                new ElementwiseOp.Elu(1.5),
                new ElementwiseOp.Gelu(false),
                new ElementwiseOp.Gelu(true),
                new ElementwiseOp.Silu(),
                new ElementwiseOp.Mish(),
                new ElementwiseOp.Hardswish(),
                new ElementwiseOp.Hardsigmoid(),
                new ElementwiseOp.Softplus(1),
                new ElementwiseOp.Floor(),
                new ElementwiseOp.Ceil(),
                new ElementwiseOp.Round());
    }

    private static void agree(Op op, Tensor... in) {
        TensorType[] out = op.infer(Stream.of(in).map(Tensor::type).toArray(TensorType[]::new));
        Tensor[] fast = new CpuBackend().execute(op, in, out); // the fast kernel, or the reference where there is none
        double[] expected = ReferenceKernels.execute(op, in, out)[0].toDoubles();
        double[] actual = fast[0].toDoubles();
        for (int i = 0; i < expected.length; i++) {
            String what = op + " at " + POINTS[i];
            if (Double.isFinite(expected[i])) {
                assertThat(actual[i])
                        .as(what)
                        .isCloseTo(expected[i], within(1e-5 * Math.max(1, Math.abs(expected[i]))));
            } else {
                assertThat(actual[i]).as(what).isEqualTo(Double.valueOf(expected[i]));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("functions")
    void values(ElementwiseOp.Unary function) {
        agree(function, Tensor.of(POINTS));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void slopes(ElementwiseOp.Unary function) {
        Tensor x = Tensor.of(POINTS);
        TensorType[] type = {x.type()};
        Tensor y = ReferenceKernels.execute(function, new Tensor[] {x}, type)[0];
        agree(new ElementwiseOp.UnaryBackward(function), Tensor.full(1, DType.F32, POINTS.length), x, y);
    }
}
