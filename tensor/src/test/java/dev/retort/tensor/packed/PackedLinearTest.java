package dev.retort.tensor.packed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.op.ElementwiseOp;
import java.util.Arrays;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Packed linear layers against the ops that they stand for.
class PackedLinearTest {
    private static final double EPS = 1e-5;

    /// They are for processors with 16 vector registers.
    @BeforeEach
    void needsItsKernel() {
        Assumptions.assumeTrue(FencedKernel.AVAILABLE, "skipped: not used on this processor");
    }

    private static Tensor expected(
            Tensor x,
            Tensor weight,
            @Nullable Tensor bias,
            ElementwiseOp.@Nullable Unary activation,
            @Nullable Tensor shortcut,
            boolean norm) {
        Tensor y = norm ? x.layerNorm(null, null, EPS) : x;
        y = y.linear(weight, bias);
        y = activation == null ? y : Engine.one(activation, y);
        return shortcut == null ? y : y.add(shortcut);
    }

    private static void assertClose(Tensor actual, Tensor expected) {
        double[] a = actual.toDoubles();
        double[] b = expected.toDoubles();
        double largest = Arrays.stream(b).map(Math::abs).max().orElse(0);
        assertThat(actual.type()).isEqualTo(expected.type());
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], within(2e-6 * largest));
        }
    }

    /// Rows of any remainder, more than are copied together, outputs that fill no panel or half of one,
    /// several depth blocks; weights stored either way.
    static Stream<Arguments> shapes() {
        return Stream.of(
                Arguments.of(12, 16, 16, false),
                Arguments.of(13, 17, 33, true),
                Arguments.of(64, 40, 128, false),
                Arguments.of(15, 72, 401, true),
                Arguments.of(101, 100, 800, false),
                Arguments.of(197, 23, 64, true));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void areTheOpsTheyStandFor(int rows, int outputs, int inputs, boolean turned) {
        Rng rng = new Rng(rows);
        Tensor x = Random.normal(rng, rows, inputs);
        Tensor weight = turned ? Random.normal(rng, inputs, outputs).t() : Random.normal(rng, outputs, inputs);
        Tensor bias = Random.normal(rng, outputs);
        Tensor shortcut = Random.normal(rng, rows, outputs);
        assertClose(
                PackedLinear.of(x.type(), weight, null, null, false, -1).forward(new Tensor[] {x})[0],
                expected(x, weight, null, null, null, false));
        ElementwiseOp.Unary gelu = new ElementwiseOp.Gelu(true);
        assertClose(
                PackedLinear.of(x.type(), weight, bias, gelu, false, EPS).forward(new Tensor[] {x})[0],
                expected(x, weight, bias, gelu, null, true));
        assertClose(
                PackedLinear.of(x.type(), weight, bias, null, true, -1).forward(new Tensor[] {x, shortcut})[0],
                expected(x, weight, bias, null, shortcut, false));
        ElementwiseOp.Unary relu = new ElementwiseOp.Relu();
        PackedLinear all = PackedLinear.of(x.type(), weight, bias, relu, true, EPS);
        assertThat(all.name()).isEqualTo("layer_norm_packed_linear_relu_add");
        assertClose(all.forward(new Tensor[] {x, shortcut})[0], expected(x, weight, bias, relu, shortcut, true));
    }

    @Test
    void everyActivation() {
        Rng rng = new Rng(1);
        Tensor x = Random.normal(rng, 2, 9, 24);
        Tensor weight = Random.normal(rng, 37, 24);
        Stream.of(
                        new ElementwiseOp.Relu(),
                        new ElementwiseOp.Gelu(false),
                        new ElementwiseOp.Gelu(true),
                        new ElementwiseOp.Silu(),
                        new ElementwiseOp.Tanh())
                .map(ElementwiseOp.Unary.class::cast)
                .forEach(op -> {
                    assertThat(PackedLinear.knows(op)).as(op.name()).isTrue();
                    PackedLinear packed = PackedLinear.of(x.type(), weight, null, op, false, -1);
                    assertClose(packed.forward(new Tensor[] {x})[0], expected(x, weight, null, op, null, false));
                });
        assertThat(PackedLinear.knows(new ElementwiseOp.Exp())).isFalse();
    }

    /// Inputs and shortcuts as they lie in other tensors.
    @Test
    void viewsAreReadInTheirOrder() {
        Rng rng = new Rng(2);
        Tensor x = Random.normal(rng, 20, 3, 16).transpose(0, 1).narrow(1, 2, 12);
        Tensor shortcut = Random.normal(rng, 24, 12, 3).permute(2, 1, 0);
        Tensor weight = Random.normal(rng, 24, 16);
        PackedLinear packed = PackedLinear.of(x.type(), weight, null, null, true, -1);
        assertClose(packed.forward(new Tensor[] {x, shortcut})[0], expected(x, weight, null, null, shortcut, false));
    }

    @Test
    void bitsDoNotDependOnThreads() {
        Rng rng = new Rng(3);
        Tensor x = Random.normal(rng, 100, 500);
        Tensor weight = Random.normal(rng, 180, 500);
        Tensor shortcut = Random.normal(rng, 100, 180);
        PackedLinear packed = PackedLinear.of(x.type(), weight, null, new ElementwiseOp.Gelu(true), true, EPS);
        int before = Parallel.threads();
        try {
            Parallel.setThreads(1);
            float[] one = packed.forward(new Tensor[] {x, shortcut})[0].toFloats();
            Parallel.setThreads(3);
            assertThat(packed.forward(new Tensor[] {x, shortcut})[0].toFloats()).isEqualTo(one);
        } finally {
            Parallel.setThreads(before);
        }
    }

    /// A row that is not finite leaves the others alone.
    @Test
    void rowsAreIndependent() {
        Rng rng = new Rng(4);
        Tensor weight = Random.normal(rng, 40, 32);
        float[] values = Random.normal(rng, 14, 32).toFloats();
        values[7 * 32 + 5] = Float.NaN;
        values[9 * 32] = Float.POSITIVE_INFINITY;
        Tensor x = Tensor.of(values, 14, 32);
        PackedLinear packed = PackedLinear.of(x.type(), weight, null, null, false, -1);
        float[] y = packed.forward(new Tensor[] {x})[0].toFloats();
        for (int i = 0; i < y.length; i++) {
            assertThat(Float.isNaN(y[i])).isEqualTo(i / 40 == 7);
            assertThat(Float.isInfinite(y[i])).isEqualTo(i / 40 == 9);
        }
    }

    @Test
    void refusesWhatItHasNoFormFor() {
        Tensor x = Tensor.zeros(20, 32);
        Tensor weight = Tensor.zeros(16, 32);
        assertThat(PackedLinear.suits(x.type(), weight)).isTrue();
        assertThat(PackedLinear.suits(Tensor.zeros(11, 32).type(), weight)).isFalse();
        assertThat(PackedLinear.suits(Tensor.zeros(DType.F64, 20, 32).type(), weight))
                .isFalse();
        assertThatThrownBy(() -> PackedLinear.of(Tensor.zeros(1, 32).type(), weight, null, null, false, -1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("packed_linear");
        PackedLinear packed = PackedLinear.of(x.type(), weight, null, null, true, -1);
        assertThatThrownBy(() -> Engine.run(packed, x)).hasMessageContaining("packed_linear_add");
        assertThatThrownBy(() -> Engine.run(packed, Tensor.zeros(21, 32), Tensor.zeros(21, 16)))
                .hasMessageContaining("[20, 32]");
    }
}
