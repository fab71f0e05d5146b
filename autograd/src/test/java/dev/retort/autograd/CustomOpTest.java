package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.one;
import static dev.retort.autograd.Tensors.scalar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;
import org.junit.jupiter.api.Test;

class CustomOpTest {
    /// a·b and a + b.
    record ProductAndSum() implements CustomOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return new TensorType[] {in[0], in[0]};
        }

        @Override
        public Tensor[] forward(Tensor[] in) {
            return new Tensor[] {in[0].mul(in[1]), in[0].add(in[1])};
        }

        @Override
        public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g) {
            return new Tensor[] {g[0].mul(in[1]).add(g[1]), g[0].mul(in[0]).add(g[1])};
        }
    }

    /// x², with a gradient of the wrong shape.
    record WrongShape() implements CustomOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return in.clone();
        }

        @Override
        public Tensor[] forward(Tensor[] in) {
            return one(in[0].square());
        }

        @Override
        public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g) {
            return one(g[0].sum());
        }
    }

    @Test
    void hasGradientsOfAnyOrder() {
        Tensor a = normal(1, 3);
        Tensor b = normal(2, 3);
        GradCheck.defaults()
                .firstOrder("custom", in -> Engine.run(new ProductAndSum(), in), a, b)
                .verify();
        GradCheck.defaults()
                .secondOrder("custom", in -> Engine.run(new ProductAndSum(), in), a, b)
                .verify();
    }

    @Test
    void unusedResultsHaveZeroGradient() {
        Tensor a = scalar(3);
        Tensor b = scalar(5);
        Engine.run(new ProductAndSum(), a, b)[1].backward();
        assertThat(a.grad().item()).isEqualTo(1);
        assertThat(b.grad().item()).isEqualTo(1);
    }

    @Test
    void wrongGradientsAreNamed() {
        Tensor x = leaf(1, 2);
        assertThatThrownBy(() -> Engine.one(new WrongShape(), x).sum().backward())
                .hasMessage(
                        "backward of wrong_shape: expects a gradient of input 0's type F64[2], the rule gave F64[]");
    }

    @Test
    void gradientReversal() {
        Tensor x = leaf(1, 2);
        Tensor y = GradientReversal.of(x, 0.5);
        assertThat(y.toDoubles()).containsExactly(1, 2);
        y.square().sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(-1, -2);
    }
}
