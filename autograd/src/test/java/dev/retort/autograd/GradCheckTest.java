package dev.retort.autograd;

import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;
import org.junit.jupiter.api.Test;

/// The checker finds what is wrong, and nothing where nothing is.
class GradCheckTest {
    /// x³ with the gradient `factor`·x² (3 is right), of which the derivative is lost if `constant`.
    record Cube(double factor, boolean constant) implements CustomOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return in.clone();
        }

        @Override
        public Tensor[] forward(Tensor[] in) {
            return one(in[0].pow(3));
        }

        @Override
        public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g) {
            Tensor x = constant ? in[0].detach() : in[0];
            return one(g[0].mul(x.square()).mul(factor));
        }

        Tensor[] run(Tensor[] in) {
            return Engine.run(this, in);
        }
    }

    private final GradCheck check = GradCheck.defaults();
    private final Tensor x = normal(1, 2, 3);

    @Test
    void acceptsRightGradients() {
        assertThat(check.firstOrder("cube", new Cube(3, false)::run, x).ok()).isTrue();
        assertThat(check.secondOrder("cube", new Cube(3, false)::run, x).ok()).isTrue();
    }

    @Test
    void findsWrongGradients() {
        GradCheck.Report report = check.firstOrder("cube", new Cube(3.001, false)::run, x);
        assertThat(report.ok()).isFalse();
        assertThat(report.message())
                .startsWith("gradcheck of cube: input 0 F64[2, 3], element ")
                .contains("difference quotient");
        assertThat(report.worstError()).isGreaterThan(1);
        assertThatThrownBy(report::verify).isInstanceOf(AssertionError.class).hasMessage(report.message());
    }

    @Test
    void findsLostSecondDerivatives() {
        assertThat(check.firstOrder("cube", new Cube(3, true)::run, x).ok()).isTrue();
        assertThat(check.secondOrder("cube", new Cube(3, true)::run, x).ok()).isFalse();
    }

    @Test
    void findsCutGraphs() {
        GradCheck.Report half = check.firstOrder("cut", in -> one(in[0].detach().mul(in[1])), x, x);
        assertThat(half.ok()).isFalse();
        assertThat(half.message()).contains("input 0").contains("none flows");
        GradCheck.Report all = check.firstOrder("cut", in -> one(in[0].detach()), x);
        assertThat(all.message()).isEqualTo("gradcheck of cut: no output requires a gradient");
    }

    @Test
    void findsRandomFunctions() {
        Rng rng = new Rng(1);
        GradCheck.Report report = check.firstOrder("dropout", in -> one(in[0].dropout(0.5, rng)), x);
        assertThat(report.ok()).isFalse();
        assertThat(report.message()).contains("not deterministic");
    }

    @Test
    void wantsDoubles() {
        assertThatThrownBy(() -> check.firstOrder("f", in -> in, x.to(DType.F32)))
                .hasMessageContaining("expects floating inputs of dtype F64, input 0 is F32[2, 3]");
    }

    @Test
    void samplesElements() {
        int[] calls = new int[1];
        GradCheck.Report report = check.withSamples(4)
                .withTolerance(1e-5, 1e-6)
                .withStep(1e-5)
                .firstOrder(
                        "sin",
                        in -> {
                            calls[0]++;
                            return one(in[0].sin());
                        },
                        normal(2, 50));
        assertThat(report.ok()).isTrue();
        assertThat(calls[0])
                .as("two runs, then 4 elements, twice, in two directions")
                .isEqualTo(2 + 16);
    }

    @Test
    void passesIntegersThrough() {
        Tensor index = Tensor.of(new long[] {1, 0, 1}, 3);
        assertThat(check.secondOrder(
                                "select", in -> one(in[0].indexSelect(0, in[1]).square()), x, index)
                        .ok())
                .isTrue();
    }
}
