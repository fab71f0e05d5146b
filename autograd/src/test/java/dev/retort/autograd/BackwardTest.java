package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.scalar;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What `backward` leaves in the leaves.
class BackwardTest {
    @Test
    void productRule() {
        Tensor a = scalar(2);
        Tensor b = scalar(3);
        a.mul(b).add(a.sin()).backward(); // d/da = b + cos a, d/db = a
        assertThat(a.grad().item()).isCloseTo(3 + Math.cos(2), within(1e-15));
        assertThat(b.grad().item()).isEqualTo(2);
    }

    @Test
    void chainRule() {
        Tensor x = leaf(0.5, -1);
        x.square().exp().sum().backward(); // 2x·e^(x²)
        assertThat(x.grad().toDoubles()).containsExactly(new double[] {Math.exp(0.25), -2 * Math.E}, within(1e-14));
    }

    @Test
    void quotientAndBroadcasting() {
        Tensor x = leaf(1, 2, 4);
        Tensor c = scalar(2);
        x.div(c).sum().backward(); // dx = 1/c, dc = −Σx/c²
        assertThat(x.grad().toDoubles()).containsExactly(0.5, 0.5, 0.5);
        assertThat(c.grad().item()).isEqualTo(-7.0 / 4);
        assertThat(c.grad().rank()).isZero();
    }

    @Test
    void diamondAddsBothPaths() {
        Tensor x = scalar(3);
        Tensor y = x.square();
        y.mul(2).add(y.mul(y)).backward(); // 2x² + x⁴: 4x + 4x³
        assertThat(x.grad().item()).isEqualTo(12 + 108);
    }

    /// A table that also multiplies, as in a language model: the rows that were looked up are added in place to the
    /// gradient of the product.
    @Test
    void lookedUpRowsAddToTheProductsGradient() {
        double[] values = new double[64 * 2];
        Arrays.setAll(values, i -> Math.sin(i));
        Tensor table = Tensor.of(values, 64, 2).requiresGrad(true);
        Tensor index = Tensor.of(new long[] {5, 2, 5, 7});
        Tensor rows = Engine.one(new IndexOp.Embedding(7), table, index); // recorded first, so its gradient comes last
        Tensor weights = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2);
        Tensor v = Tensor.of(new double[] {0.5, -1}, 2, 1);
        rows.mul(weights).sum().add(table.matmul(v).square().sum()).backward();
        double[] expected = new double[values.length];
        for (int r = 0; r < 64; r++) {
            double twice = 2 * (0.5 * values[2 * r] - values[2 * r + 1]); // d(Wv)²/dW = 2 (Wv) vᵀ
            expected[2 * r] = 0.5 * twice;
            expected[2 * r + 1] = -twice;
        }
        expected[10] += 1 + 5;
        expected[11] += 2 + 6;
        expected[4] += 3;
        expected[5] += 4; // and nothing for row 7
        assertThat(table.grad().toDoubles()).containsExactly(expected, within(1e-12));
    }

    /// The second and the third slice are added in place to the gradient that the first one made.
    @Test
    void slicesOfOneTensorAddWhereTheyOverlap() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 4).requiresGrad(true);
        Tensor y = x.mul(2);
        Tensor whole = y.narrow(1, 0, 3).sum().add(y.narrow(1, 1, 2).square().sum());
        whole.add(y.narrow(1, 2, 2).t().mul(3).sum()).backward(); // y = 2x: 2·1, 2·2y and 2·3 where they are seen
        assertThat(x.grad().toFloats()).containsExactly(2, 2 + 16, 2 + 24 + 6, 6, 2, 2 + 48, 2 + 56 + 6, 6);
    }

    /// A gradient passes through views without a copy; who has seen it must not see it change.
    @Test
    void gradientsBehindViewsStayWhatTheyWere() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor w = Tensor.of(new float[] {1, -1, 2, 0, 3, 1}, 3, 2).requiresGrad(true);
        Tensor bias = Tensor.of(new float[] {1, 2}, 2);
        x.linear(w.t(), bias).square().sum().backward();
        Tensor first = w.grad();
        float[] before = first.toFloats();
        x.linear(w.t(), bias).square().sum().backward();
        assertThat(first.toFloats()).isEqualTo(before);
        assertThat(w.grad().toFloats()).isEqualTo(first.mul(2).toFloats());
        assertThat(w.grad().isContiguous()).isTrue();
        Tensor plain = w.detach().t().copy().requiresGrad(true);
        x.linear(plain, bias).square().sum().backward();
        assertThat(before).isEqualTo(plain.grad().t().toFloats());
    }

    @Test
    void oneTensorAsBothOperands() {
        Tensor x = scalar(5);
        x.mul(x).backward();
        assertThat(x.grad().item()).isEqualTo(10);
    }

    @Test
    void manyUsesOfOneLeaf() {
        Tensor x = leaf(1, 2);
        Tensor sum = x.mul(0);
        for (int i = 1; i <= 10; i++) {
            sum = sum.add(x.mul(i));
        }
        sum.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(55, 55);
    }

    @Test
    void gradientsAccumulateOverPasses() {
        Tensor x = leaf(1, 2);
        x.mul(3).sum().backward();
        x.square().sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(3 + 2, 3 + 4);
        x.grad(null);
        assertThat(x.grad()).isNull();
        x.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(1, 1);
    }

    @Test
    void aGradientThatWasReadDoesNotChange() {
        Tensor x = leaf(1, 2);
        x.sum().backward();
        Tensor first = x.grad();
        x.sum().backward();
        assertThat(first.toDoubles()).containsExactly(1, 1);
        assertThat(x.grad().toDoubles()).containsExactly(2, 2);
    }

    @Test
    void unreadGradientsAccumulateInPlace() {
        Tensor w = Tensors.normalLeaf(1, 3, 4);
        Tensor x = Tensors.normal(2, 5, 4);
        x.linear(w, null).sum().backward();
        Tensor buffer = ((Leaf) w.history()).grad();
        ((Leaf) w.history()).accumulate(w.detach().zerosLike(), true, false); // after a read: a new buffer
        Tensor[] seen = new Tensor[1];
        x.linear(w, null).sum().backward();
        seen[0] = w.grad();
        assertThat(seen[0].storage()).isNotSameAs(buffer.storage());
        assertThat(seen[0].storage().version()).as("added to in place").isEqualTo(1);
    }

    @Test
    void leavesDoNotShareGradientBuffers() {
        Tensor a = leaf(1, 2);
        Tensor b = leaf(3, 4);
        a.add(b).sum().backward();
        a.grad().update(new UpdateOp.Scale(10));
        assertThat(a.grad().toDoubles()).containsExactly(10, 10);
        assertThat(b.grad().toDoubles()).containsExactly(1, 1);
    }

    @Test
    void theUsersGradientIsNotKeptAsTheLeafs() {
        Tensor a = leaf(1, 2);
        Tensor g = vector(5, 6);
        a.add(0.0).backward(g);
        a.grad().update(new UpdateOp.Scale(10));
        assertThat(g.toDoubles()).containsExactly(5, 6);
    }

    @Test
    void nonScalarRootsNeedAGradient() {
        Tensor x = leaf(1, 2);
        Tensor y = x.square();
        assertThatThrownBy(y::backward)
                .isInstanceOf(OpException.class)
                .hasMessage("backward: expects an output of one element or a gradient for it, output 0 is F64[2]");
        assertThatThrownBy(() -> y.backward(vector(1, 2, 3))).hasMessageContaining("F64[2], got F64[3]");
        assertThatThrownBy(() -> y.backward(vector(1, 2).to(DType.F32))).hasMessageContaining("got F32[2]");
        y.backward(vector(1, 10));
        assertThat(x.grad().toDoubles()).containsExactly(2, 40);
    }

    @Test
    void rootsWithoutGradientAreAnError() {
        assertThatThrownBy(() -> vector(1).sum().backward())
                .hasMessageContaining("backward: no output requires a gradient");
    }

    @Test
    void aLeafMayBeTheRoot() {
        Tensor x = scalar(3);
        x.backward();
        assertThat(x.grad().item()).isEqualTo(1);
    }

    @Test
    void severalRoots() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2);
        Tensor z = y.square();
        Autograd.backward(List.of(y, z), GradOptions.defaults().withGradOutputs(vector(1, 0), vector(0, 1)));
        assertThat(x.grad().toDoubles()).containsExactly(2, 16); // 2 for y_0; 8x for z_1
    }

    @Test
    void deepGraphsDoNotOverflowTheStack() {
        Tensor x = scalar(1);
        Tensor y = x;
        for (int i = 0; i < 100_000; i++) {
            y = y.add(1e-5);
        }
        y.square().backward();
        assertThat(x.grad().item()).isCloseTo(4, within(1e-9));
    }

    @Test
    void wideDiamondsVisitEachNodeOnce() {
        Tensor x = scalar(1);
        Tensor y = x;
        for (int i = 0; i < 60; i++) {
            y = y.add(y); // 2⁶⁰ paths
        }
        y.backward();
        assertThat(x.grad().item()).isEqualTo(0x1.0p60);
    }

    @Test
    void someResultsOfSeveral() {
        Tensor x = leaf(3, 1, 2);
        x.topk(2, 0).values().mul(vector(10, 20)).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(10, 0, 20);

        Tensor a = Tensor.of(new double[] {3, 0, 0, 0, 2, 0}, 2, 3).requiresGrad(true);
        a.svd().s().sum().backward(); // Σ s: U·Vᵀ
        assertThat(a.grad().toDoubles()).containsExactly(new double[] {1, 0, 0, 0, 1, 0}, within(1e-12));

        Tensor map = Tensor.of(new double[] {1, 5, 2, 3}, 1, 1, 2, 2).requiresGrad(true);
        Tensor[] pooled = Engine.run(new PoolOp.MaxPool2d(PoolOp.Window.of(2, 2, 0)), map);
        assertThat(pooled[1].requiresGrad()).as("indices are constants").isFalse();
        pooled[0].sum().backward();
        assertThat(map.grad().toDoubles()).containsExactly(0, 1, 0, 0);
    }

    @Test
    void bothResultsOfOneOp() {
        Tensor x = leaf(0.5, -1, 2);
        Tensor[] results = Engine.run(new dev.retort.tensor.op.NormOp.RmsNorm(1, 0), x);
        results[0].sum().add(results[1].sum()).backward(); // the statistic's gradient goes through the composite
        Tensor y = leaf(0.5, -1, 2);
        Tensor rstd = y.square().mean(true, 0).rsqrt();
        y.mul(rstd).sum().add(rstd.sum()).backward();
        assertThat(x.grad().toDoubles()).containsExactly(y.grad().toDoubles(), within(1e-14));
    }

    @Test
    void severalThreadsAtOnce() throws InterruptedException {
        Tensor w = leaf(1, 2);
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 50; i++) {
                    w.mul(2).sum().backward();
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(w.grad().toDoubles()).containsExactly(400, 400);
    }
}
