package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Activations without an op of their own against their formulas in double.
class ActivationMethodsTest {
    private static final double[] POINTS = {-50, -3, -1, -0.6, -0.5, -0.2, -1e-9, 0, 1e-9, 0.3, 0.5, 0.7, 1, 2.5, 40};

    private enum Activation {
        CELU(x -> x.celu(1.7), v -> Math.max(0, v) + Math.min(0, 1.7 * Math.expm1(v / 1.7))),
        SELU(Tensor::selu, v -> 1.0507009873554805 * (v > 0 ? v : 1.6732632423543772 * Math.expm1(v))),
        HARDTANH(x -> x.hardtanh(-0.5, 2), v -> Math.min(2, Math.max(-0.5, v))),
        HARDSHRINK(x -> x.hardshrink(0.5), v -> v > 0.5 || v < -0.5 ? v : 0),
        SOFTSHRINK(x -> x.softshrink(0.5), v -> v > 0.5 ? v - 0.5 : v < -0.5 ? v + 0.5 : 0),
        TANHSHRINK(Tensor::tanhshrink, v -> v - Math.tanh(v)),
        SOFTSIGN(Tensor::softsign, v -> v / (1 + Math.abs(v))),
        SOFTPLUS(x -> x.softplus(2, 20), v -> 2 * v > 20 ? v : Math.log1p(Math.exp(2 * v)) / 2),
        THRESHOLD(x -> x.threshold(0.5, -7), v -> v > 0.5 ? v : -7);

        private final UnaryOperator<Tensor> method;
        private final DoubleUnaryOperator formula;

        Activation(UnaryOperator<Tensor> method, DoubleUnaryOperator formula) {
            this.method = method;
            this.formula = formula;
        }
    }

    @ParameterizedTest
    @EnumSource
    void valuesAreThoseOfTheFormula(Activation activation) {
        Tensor y = activation.method.apply(Tensor.of(POINTS));
        Tensor rounded = activation.method.apply(Tensor.of(POINTS).to(DType.F32));
        for (int i = 0; i < POINTS.length; i++) {
            double expected = activation.formula.applyAsDouble(POINTS[i]);
            assertThat(y.get(i)).isCloseTo(expected, within(1e-14 * Math.max(1, Math.abs(expected))));
            assertThat(rounded.get(i)).isCloseTo(expected, within(1e-6 * Math.max(1, Math.abs(expected))));
        }
        assertThat(activation.method.apply(Tensor.of(new double[] {Double.NaN})).item())
                .isNaN();
    }

    @Test
    void halvesGateEachOther() {
        Tensor y = Tensor.of(new double[] {1, 2, 0, 3}, 2, 2).glu(0);
        assertThat(y.toDoubles()).containsExactly(new double[] {0.5, 2 / (1 + Math.exp(-3))}, within(1e-15));
        assertThatThrownBy(() -> Tensor.zeros(3).glu(0))
                .hasMessage("glu: expects an even extent along dim 0, got F32[3]");
        assertThat(Tensor.of(new double[] {1, 2}).softmin(0).toDoubles())
                .containsExactly(new double[] {1 / (1 + Math.exp(-1)), 1 / (1 + Math.exp(1))}, within(1e-15));
        assertThatThrownBy(() -> Tensor.zeros(3).celu(0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Tensor.zeros(3).hardtanh(1, 0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Tensor.zeros(3).softshrink(-1)).isInstanceOf(OpException.class);
    }
}
