package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Gradients of slices are put together in one pass; they must be those that zeros and additions give, as anomaly mode
/// makes them. All numbers are small integers, so that sums are exact in any order.
class SliceGradientTest {
    private static final int ROWS = 40;
    private static final int THIRD = 32;

    /// What becomes of the slices of `[40, 96]`.
    private enum Use {
        THIRDS(x -> sum(part(x, 0), part(x, 1), part(x, 2))),
        OUT_OF_ORDER(x -> sum(part(x, 2), part(x, 0), part(x, 1))),
        ONE_MISSING(x -> sum(part(x, 0), part(x, 2))),
        ONE_TWICE(x -> sum(part(x, 0), part(x, 1), part(x, 1).mul(5), part(x, 2))),
        OVERLAPPING(x -> sum(x.narrow(1, 0, 64), x.narrow(1, 32, 64))),
        BOTH_DIMENSIONS(x -> sum(x.narrow(0, 0, 20), x.narrow(0, 20, 20)).add(sum(part(x, 0), part(x, 1), part(x, 2)))),
        WITH_THE_WHOLE_BEFORE(x -> sum(x, part(x, 0), part(x, 1), part(x, 2))),
        WITH_THE_WHOLE_BEHIND(x -> sum(part(x, 0), part(x, 1), part(x, 2), x)),
        ONE_OF_ALL(x -> sum(x.narrow(1, 0, 96))),
        TRANSPOSED(x -> sum(part(x, 0).t(), part(x, 1).t(), part(x, 2).t())),
        SHARED(x -> {
            Tensor both = part(x, 0).add(part(x, 1)); // one gradient goes to two slices, and a third way
            return sum(both, part(x, 2).add(both));
        }),
        ROWS_OF_ROWS(x -> sum(x.narrow(0, 0, 8), x.narrow(0, 8, 32)));

        private final UnaryOperator<Tensor> loss;

        Use(UnaryOperator<Tensor> loss) {
            this.loss = loss;
        }
    }

    private static Tensor part(Tensor x, int i) {
        return x.narrow(1, i * THIRD, THIRD);
    }

    /// Each times other integers.
    private static Tensor sum(Tensor... parts) {
        Tensor total = Tensor.zeros(DType.F32);
        for (int i = 0; i < parts.length; i++) {
            total = total.add(
                    parts[i].mul(integers(i + 2, parts[i].shape().dims())).sum());
        }
        return total;
    }

    private static Tensor integers(int seed, int... dims) {
        int n = 1;
        for (int d : dims) {
            n *= d;
        }
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (i * 7 + seed * 13) % 17 - 8;
        }
        return Tensor.of(values, dims);
    }

    private static Tensor leaf() {
        return integers(1, ROWS, 3 * THIRD).requiresGrad(true);
    }

    private static float[] gradient(Use use, GradOptions options) {
        Tensor x = leaf();
        Autograd.backward(use.loss.apply(x.mul(3)), options);
        Tensor gradient = x.grad();
        assertThat(gradient).isNotNull();
        return gradient.toFloats();
    }

    private static float[] expected(Use use) {
        try (AnomalyMode _ = AnomalyMode.open()) {
            return gradient(use, GradOptions.defaults());
        }
    }

    @ParameterizedTest
    @EnumSource
    void areWhatZerosAndAdditionsGive(Use use) {
        float[] expected = expected(use);
        assertThat(gradient(use, GradOptions.defaults())).containsExactly(expected);
        for (int repeat = 0; repeat < 3; repeat++) { // arrays of the first pass come back in the second
            assertThat(gradient(use, GradOptions.defaults().withRelease())).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void thatSomebodySawStayAsTheyWere(Use use) {
        float[] expected = expected(use);
        Tensor x = leaf();
        Tensor y = x.mul(3);
        List<Tensor> seen = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        Autograd.hook(y, gradient -> {
            seen.add(gradient);
            values.add(gradient.toFloats());
            return gradient;
        });
        Tensor first = part(y, 0);
        Autograd.hook(first, gradient -> {
            seen.add(gradient);
            values.add(gradient.toFloats());
            return gradient;
        });
        Tensor loss = use.loss.apply(y).add(first.mul(0).sum());
        Autograd.backward(loss, GradOptions.defaults().withRelease());
        assertThat(x.grad().toFloats()).containsExactly(expected);
        gradient(use, GradOptions.defaults().withRelease());
        assertThat(seen).hasSize(2);
        for (int i = 0; i < 2; i++) {
            assertThat(seen.get(i).toFloats()).containsExactly(values.get(i));
        }
    }

    @ParameterizedTest
    @EnumSource
    void ofHooksCountWhereOneReplacesAPiece(Use use) {
        Tensor[] gradients = new Tensor[2];
        for (int i = 0; i < 2; i++) {
            Tensor x = leaf();
            Tensor y = x.mul(3);
            Tensor hooked = part(y, 1);
            Autograd.hook(hooked, gradient -> gradient.mul(2));
            Tensor loss = use.loss.apply(y).add(hooked.sum());
            if (i == 0) {
                try (AnomalyMode _ = AnomalyMode.open()) {
                    loss.backward();
                }
            } else {
                Autograd.backward(loss, GradOptions.defaults().withRelease());
            }
            gradients[i] = x.grad();
        }
        assertThat(gradients[1].toFloats()).containsExactly(gradients[0].toFloats());
    }
}
