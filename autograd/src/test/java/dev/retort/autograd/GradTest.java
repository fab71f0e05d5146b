package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.normalLeaf;
import static dev.retort.autograd.Tensors.scalar;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Gradients with respect to chosen tensors, of any order.
class GradTest {
    private static final GradOptions GRAPH = GradOptions.defaults().withCreateGraph();

    private static Tensor derivative(Tensor y, Tensor x) {
        return Autograd.grad(List.of(y), List.of(x), GRAPH)[0];
    }

    @Test
    void nothingAccumulates() {
        Tensor x = scalar(3);
        assertThat(Autograd.grad(x.square(), x)[0].item()).isEqualTo(6);
        assertThat(x.grad()).isNull();
    }

    @Test
    void higherOrders() {
        Tensor x = scalar(2);
        Tensor d1 = derivative(x.pow(5), x);
        Tensor d2 = derivative(d1, x);
        Tensor d3 = derivative(d2, x);
        Tensor d4 = derivative(d3, x);
        assertThat(d1.item()).isEqualTo(5 * 16);
        assertThat(d2.item()).isEqualTo(20 * 8);
        assertThat(d3.item()).isEqualTo(60 * 4);
        assertThat(d4.item()).isCloseTo(120 * 2, within(1e-12));
    }

    @Test
    void sineComesBackAfterFourDerivatives() {
        Tensor x = scalar(0.7);
        Tensor d = x.sin();
        for (int i = 0; i < 4; i++) {
            d = derivative(d, x);
        }
        assertThat(d.item()).isCloseTo(Math.sin(0.7), within(1e-15));
    }

    @Test
    void hessianOfAQuadraticForm() {
        Tensor a = normal(1, 3, 3);
        Tensor x = normalLeaf(2, 3);
        Tensor g = derivative(x.matmul(a).matmul(x), x);
        Tensor symmetric = a.add(a.t());
        for (int i = 0; i < 3; i++) {
            Tensor row = Autograd.grad(
                    List.of(g.select(0, i)), List.of(x), GradOptions.defaults().withRetainGraph())[0];
            assertThat(row.toDoubles()).containsExactly(symmetric.select(0, i).toDoubles(), within(1e-14));
        }
    }

    @Test
    void gradientPenalty() {
        // f(x) = w·x², penalty (‖∇f‖ − 1)²: ∇f = 2wx, so with n = 2‖wx‖, dP/dw_i = 2(n − 1)·4·w_i·x_i²/n
        Tensor x = leaf(1, 2);
        Tensor w = leaf(0.5, 0.25);
        Tensor norm = derivative(w.mul(x.square()).sum(), x).norm();
        norm.sub(1.0).square().backward();
        double n = 2 * Math.hypot(0.5, 0.5);
        assertThat(w.grad().toDoubles())
                .containsExactly(
                        new double[] {2 * (n - 1) * 4 * 0.5 / n, 2 * (n - 1) * 4 * 0.25 * 4 / n}, within(1e-14));
    }

    @Test
    void intermediateResultsAreInputsToo() {
        Tensor x = scalar(3);
        Tensor y = x.square();
        Tensor z = y.mul(x);
        Tensor[] gradients = Autograd.grad(z, y, x);
        assertThat(gradients[0].item()).as("dz/dy = x").isEqualTo(3);
        assertThat(gradients[1].item()).as("the total derivative 3x²").isEqualTo(27);
    }

    @Test
    void theSameInputTwice() {
        Tensor x = scalar(3);
        Tensor[] gradients = Autograd.grad(x.square(), x, x);
        assertThat(gradients[0].item()).isEqualTo(6);
        assertThat(gradients[1].item()).isEqualTo(6);
    }

    @Test
    void theOutputItself() {
        Tensor x = scalar(3);
        Tensor y = x.square();
        assertThat(Autograd.grad(y, y)[0].item()).isEqualTo(1);
    }

    @Test
    void unusedInputs() {
        Tensor x = scalar(3);
        Tensor other = scalar(4);
        Tensor y = x.square();
        GradOptions retain = GradOptions.defaults().withRetainGraph();
        assertThatThrownBy(() -> Autograd.grad(List.of(y), List.of(x, other), retain))
                .isInstanceOf(OpException.class)
                .hasMessage("grad: the outputs do not depend on input 1 F64[]; use allowUnused to get null");
        assertThat(Autograd.grad(List.of(y), List.of(x, other), retain.withAllowUnused())[1])
                .isNull();
        assertThatThrownBy(() -> Autograd.grad(y, vector(1)))
                .hasMessage("grad: input 0 F64[1] does not require a gradient");
    }

    @Test
    void onlyNodesThatLeadToTheInputsRun() {
        Tensor x = scalar(2);
        Tensor other = scalar(5);
        int[] calls = new int[1];
        Tensor branch = other.square();
        Autograd.hook(branch, g -> {
            calls[0]++;
            return null;
        });
        assertThat(Autograd.grad(x.mul(branch), x)[0].item()).isEqualTo(25);
        assertThat(calls[0]).isZero();
    }

    @Test
    void nothingRunsBelowTheInputs() {
        Tensor x = scalar(2);
        int[] calls = new int[1];
        Autograd.hook(x, g -> {
            calls[0]++;
            return null;
        });
        Tensor y = x.exp();
        Autograd.grad(y.square(), y);
        assertThat(calls[0]).isZero();
    }

    @Test
    void weightedOutputs() {
        Tensor x = leaf(1, 2);
        Tensor[] g = Autograd.grad(
                List.of(x.square(), x.mul(3)),
                List.of(x),
                GradOptions.defaults().withGradOutputs(vector(1, 1), vector(0, 1)));
        assertThat(g[0].toDoubles()).containsExactly(2, 4 + 3);
        assertThatThrownBy(() -> Autograd.grad(
                        List.of(x.square()), List.of(x), GradOptions.defaults().withGradOutputs(vector(1), vector(1))))
                .hasMessageContaining("one gradient per output (1), got 2");
    }

    @Test
    void leafGradientsCanBeDifferentiatedToo() {
        Tensor x = scalar(2);
        Autograd.backward(x.pow(3), GRAPH);
        Tensor d = x.grad();
        assertThat(d.item()).isEqualTo(12);
        assertThat(Autograd.grad(d, x)[0].item()).isEqualTo(12);
    }

    @Test
    void withoutCreateGraphGradientsAreConstants() {
        Tensor x = scalar(2);
        assertThat(Autograd.grad(x.pow(3), x)[0].requiresGrad()).isFalse();
    }

    @Test
    void worksInsideNoGradIfTheGraphIsThere() {
        Tensor x = scalar(2);
        Tensor y = x.pow(3);
        try (GradScope _ = Autograd.noGrad()) {
            Tensor d = derivative(y, x);
            assertThat(d.item()).isEqualTo(12);
            assertThat(d.requiresGrad()).isTrue();
        }
    }

    @Test
    void fusedOpsHaveHigherOrders() {
        Tensor x = normalLeaf(1, 4, 5);
        Tensor w = normalLeaf(2, 5);
        Tensor b = normalLeaf(3, 5);
        Tensor fused =
                derivative(x.layerNorm(w, b, 1e-5).square().sum(), x).square().sum();
        Tensor viaFused = Autograd.grad(fused, w)[0];
        Tensor mean = x.mean(true, 1);
        Tensor centred = x.sub(mean);
        Tensor basic = centred.mul(centred.square().mean(true, 1).add(1e-5).rsqrt())
                .mul(w)
                .add(b);
        Tensor viaBasic =
                Autograd.grad(derivative(basic.square().sum(), x).square().sum(), w)[0];
        assertThat(viaFused.toDoubles()).containsExactly(viaBasic.toDoubles(), within(1e-10));
    }

    @Test
    void oneTensorAsSeveralInputsOfAFusedOp() {
        Tensor x = normalLeaf(1, 1, 1, 3, 2);
        var op = new dev.retort.tensor.op.AttentionOp.Attention(0.7, true, 0, 0, 0);
        GradCheck.defaults()
                .secondOrder(
                        "self-attention",
                        in -> {
                            Tensor[] results = dev.retort.tensor.Engine.run(op, in[0], in[0], in[0].sin());
                            return results;
                        },
                        x)
                .verify();
    }
}
