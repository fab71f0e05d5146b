package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.ScalarEngine.Value;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// A small network gives the gradients of a scalar engine that fits on one page.
class ScalarEngineTest {
    private static final int IN = 3;
    private static final int HIDDEN = 5;
    private static final int ROWS = 4;

    private final double[] x = Tensors.normal(1, ROWS, IN).toDoubles();
    private final double[] w1 = Tensors.normal(2, HIDDEN, IN).toDoubles();
    private final double[] w2 = Tensors.normal(3, HIDDEN).toDoubles();
    private final double[] target = Tensors.normal(4, ROWS).toDoubles();

    private static Value[] values(double[] data) {
        return Arrays.stream(data).mapToObj(Value::new).toArray(Value[]::new);
    }

    /// Σ_rows (w2 · tanh(relu(w1·x) + w1·x) − target)².
    private Value scalarLoss(Value[] a, Value[] b) {
        Value loss = new Value(0);
        for (int r = 0; r < ROWS; r++) {
            Value out = new Value(-target[r]);
            for (int h = 0; h < HIDDEN; h++) {
                Value sum = new Value(0);
                for (int i = 0; i < IN; i++) {
                    sum = sum.plus(a[h * IN + i].times(new Value(x[r * IN + i])));
                }
                out = out.plus(b[h].times(sum.relu().plus(sum).tanh()));
            }
            loss = loss.plus(out.times(out));
        }
        return loss;
    }

    @Test
    void theSameGradients() {
        Value[] a = values(w1);
        Value[] b = values(w2);
        Value expected = scalarLoss(a, b);
        expected.backward();

        Tensor ta = Tensor.of(w1, HIDDEN, IN).requiresGrad(true);
        Tensor tb = Tensor.of(w2, HIDDEN).requiresGrad(true);
        Tensor hidden = Tensor.of(x, ROWS, IN).linear(ta, null);
        Tensor out = hidden.relu().add(hidden).tanh().matmul(tb).sub(Tensor.of(target, ROWS));
        Tensor loss = out.square().sum();
        loss.backward();

        assertThat(loss.item()).isCloseTo(expected.data, within(1e-12));
        assertThat(ta.grad().toDoubles())
                .containsExactly(Arrays.stream(a).mapToDouble(v -> v.grad).toArray(), within(1e-12));
        assertThat(tb.grad().toDoubles())
                .containsExactly(Arrays.stream(b).mapToDouble(v -> v.grad).toArray(), within(1e-12));
    }
}
