package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.scalar;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

/// What is recorded, and what is not.
class RecordingTest {
    @Test
    void constantsHaveNoHistory() {
        Tensor y = vector(1, 2).mul(3).exp().sum();
        assertThat(y.history()).isNull();
        assertThat(y.requiresGrad()).isFalse();
        assertThat(y.isLeaf()).isTrue();
    }

    @Test
    void resultsRequireGradients() {
        Tensor x = leaf(1, 2);
        Tensor y = x.mul(2);
        assertThat(y.requiresGrad()).isTrue();
        assertThat(y.isLeaf()).isFalse();
        assertThat(x.isLeaf()).isTrue();
        assertThat(y.requiresGrad(true)).isSameAs(y);
        assertThatThrownBy(() -> y.requiresGrad(false)).hasMessageContaining("mul_scalar; use detach");
        assertThatThrownBy(() -> y.grad(vector(1, 2))).hasMessageContaining("expects a leaf");
    }

    @Test
    void integersNeverRequireGradients() {
        assertThatThrownBy(() -> Tensor.of(new long[] {1}).requiresGrad(true))
                .hasMessageContaining("expects a floating dtype, got I64[1]");
        Tensor x = leaf(1, 3, 2);
        assertThat(x.to(DType.I64).requiresGrad()).isFalse();
        assertThat(x.argmax(0).requiresGrad()).isFalse();
        assertThat(x.gt(1).requiresGrad()).isFalse();
        assertThat(x.sort(0, false).indices().requiresGrad()).isFalse();
        assertThat(x.sort(0, false).values().requiresGrad()).isTrue();
    }

    @Test
    void opsWithoutAGradientToTheInputAreNotRecorded() {
        Tensor scale = scalar(0.1);
        Tensor q = dev.retort.tensor.Engine.one(
                new dev.retort.tensor.op.QuantOp.FakeQuantize(-8, 7), vector(1, 2), scale, scale.detach());
        assertThat(q.requiresGrad()).as("the scale gets no gradient").isFalse();
    }

    @Test
    void noGradAndEnableGrad() {
        Tensor x = leaf(1, 2);
        try (GradScope _ = Autograd.noGrad()) {
            assertThat(Autograd.isGradEnabled()).isFalse();
            assertThat(x.mul(2).requiresGrad()).isFalse();
            try (GradScope _ = Autograd.enableGrad()) {
                assertThat(x.mul(2).requiresGrad()).isTrue();
            }
            assertThat(x.mul(2).requiresGrad()).isFalse();
        }
        assertThat(Autograd.isGradEnabled()).isTrue();
        assertThat(x.mul(2).requiresGrad()).isTrue();
    }

    @Test
    void scopesEndWithExceptions() {
        assertThatThrownBy(() -> {
                    try (GradScope _ = Autograd.noGrad()) {
                        throw new IllegalStateException("inside");
                    }
                })
                .hasMessage("inside");
        assertThat(Autograd.isGradEnabled()).isTrue();
    }

    @Test
    void scopesBelongToTheirThread() throws InterruptedException {
        boolean[] enabled = new boolean[1];
        try (GradScope _ = Autograd.noGrad()) {
            Thread thread = new Thread(() -> enabled[0] = Autograd.isGradEnabled());
            thread.start();
            thread.join();
        }
        assertThat(enabled[0]).isTrue();
    }

    @Test
    void detachCutsTheGraph() {
        Tensor x = scalar(3);
        x.square().detach().mul(x).backward(); // 9·x
        assertThat(x.grad().item()).isEqualTo(9);
        assertThat(x.detach().storage()).isSameAs(x.storage());
    }

    @Test
    void switchedOffLeavesGetNoGradient() {
        Tensor x = scalar(3);
        Tensor y = scalar(4);
        Tensor z = x.mul(y);
        x.requiresGrad(false);
        z.backward();
        assertThat(x.grad()).isNull();
        assertThat(y.grad().item()).isEqualTo(3);
        assertThat(x.mul(2).requiresGrad()).isFalse();
    }

    @Test
    void updatesAreNotRecorded() {
        Tensor x = leaf(1, 2);
        x.update(new dev.retort.tensor.op.UpdateOp.AddScaled(2), leaf(10, 20));
        assertThat(x.isLeaf()).isTrue();
        assertThat(x.toDoubles()).containsExactly(21, 42);
    }

    @Test
    void gradMayBeSetByHand() {
        Tensor x = leaf(1, 2);
        x.grad(vector(5, 6));
        x.sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(6, 7);
        assertThatThrownBy(() -> x.grad(vector(1))).hasMessageContaining("F64[2], got F64[1]");
    }
}
