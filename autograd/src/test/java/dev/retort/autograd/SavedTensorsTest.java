package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.normal;
import static dev.retort.autograd.Tensors.normalLeaf;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

/// What is kept for backward, for how long, and what happens if it is overwritten.
class SavedTensorsTest {
    private static Node node(Tensor tensor) {
        return ((Output) tensor.history()).node();
    }

    @Test
    void rulesSaveOnlyWhatTheWantedGradientsRead() {
        Tensor x = leaf(1, 2);
        Tensor c = vector(3, 4);
        assertThat(node(x.add(x)).savedCount()).isZero();
        assertThat(node(x.mul(x)).savedCount()).isEqualTo(2);
        assertThat(node(x.mul(c)).savedCount()).as("c only").isEqualTo(1);
        assertThat(node(x.mul(c)).input(1)).isSameAs(c);
        assertThat(node(x.relu()).savedCount()).as("y only").isEqualTo(1);
        assertThat(node(x.sum()).savedCount()).isZero();
        assertThat(node(x.softmax(0)).savedCount()).isEqualTo(1);
        Tensor w = normalLeaf(1, 3, 2);
        assertThat(node(c.linear(w, null)).savedCount())
                .as("a constant input's gradient is not wanted")
                .isEqualTo(1);
    }

    @Test
    void backwardFreesThem() {
        Tensor x = leaf(1, 2);
        Tensor y = x.exp();
        Tensor z = y.square();
        z.sum().backward();
        assertThat(node(y).savedCount()).isZero();
        assertThat(node(z).savedCount()).isZero();
        assertThatThrownBy(() -> z.sum().backward())
                .isInstanceOf(OpException.class)
                .hasMessageContaining("backward of square: the saved tensors were freed by an earlier backward")
                .hasMessageContaining("retainGraph");
    }

    @Test
    void retainGraphKeepsThem() {
        Tensor x = leaf(1, 2);
        Tensor z = x.exp().square().sum();
        Autograd.backward(z, GradOptions.defaults().withRetainGraph());
        double[] once = x.grad().toDoubles();
        z.backward();
        assertThat(x.grad().toDoubles()).containsExactly(2 * once[0], 2 * once[1]);
    }

    @Test
    void graphsThatSaveNothingMayPassTwice() {
        Tensor x = leaf(1, 2);
        Tensor y = x.add(x).sum();
        y.backward();
        y.backward();
        assertThat(x.grad().toDoubles()).containsExactly(4, 4);
    }

    @Test
    void anOverwrittenInputIsAnError() {
        Tensor x = leaf(1, 2);
        Tensor c = vector(3, 4);
        Tensor y = x.mul(c).sum();
        c.update(new UpdateOp.Scale(2));
        assertThatThrownBy(y::backward)
                .isInstanceOf(OpException.class)
                .hasMessageContaining("backward of mul: input 1 F64[2] was overwritten by scale")
                .hasMessageContaining("storage version 1, saved at 0");
    }

    @Test
    void anOverwrittenOutputIsAnError() {
        Tensor x = leaf(1, 2);
        Tensor y = x.exp();
        y.update(new UpdateOp.Fill(0));
        assertThatThrownBy(() -> y.sum().backward())
                .hasMessageContaining("exp: output 0 F64[2] was overwritten by fill");
    }

    @Test
    void overwritingThroughAViewIsNoticed() {
        Tensor x = leaf(1, 2, 3, 4);
        Tensor c = vector(1, 2, 3, 4);
        Tensor y = x.mul(c).sum();
        c.slice(0, 1, 2).update(new UpdateOp.Fill(9));
        assertThatThrownBy(y::backward).hasMessageContaining("was overwritten by fill");
    }

    @Test
    void overwritingWhatIsNotSavedIsFine() {
        Tensor x = leaf(1, 2);
        Tensor c = vector(3, 4);
        Tensor y = x.add(c).sum();
        c.update(new UpdateOp.Fill(0));
        y.backward();
        assertThat(x.grad().toDoubles()).containsExactly(1, 1);
    }

    @Test
    void anOptimiserStepBetweenTwoPassesOfOneGraphIsNoticed() {
        Tensor w = normalLeaf(1, 3, 2);
        Tensor x = normalLeaf(2, 4, 2);
        Tensor loss = x.linear(w, null).square().sum();
        Autograd.backward(loss, GradOptions.defaults().withRetainGraph());
        w.update(new UpdateOp.SgdStep(0.1, 0, 0, 0, false, true), w.grad());
        assertThatThrownBy(loss::backward)
                .hasMessageContaining("backward of linear: input 1")
                .hasMessageContaining("sgd_step");
    }

    @Test
    void aDroppedGraphIsCollected() throws InterruptedException {
        Tensor x = normalLeaf(1, 10);
        WeakReference<Tensor> inner = dropped(x);
        for (int i = 0; i < 50 && inner.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(inner.get()).isNull();
    }

    /// An intermediate of a graph that nobody refers to any more.
    private static WeakReference<Tensor> dropped(Tensor x) {
        Tensor y = x.exp();
        Tensor z = y.mul(normal(2, 10)).tanh();
        assertThat(z.requiresGrad()).isTrue();
        return new WeakReference<>(y);
    }
}
