package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Heads that lie side by side in one tensor, as projections leave them, are read where they are.
class AttentionOpenClTest {
    private static final AttentionOp FORWARD = new AttentionOp.Attention(0.4, true, 0, 1, 0);
    private static final AttentionOp BACKWARD = new AttentionOp.AttentionBackward(0.4, true, 0, 1, 0);

    private static ClDevice device;

    @BeforeAll
    static void open() {
        device = TestDevice.opened();
    }

    /// Of one [2, 7, 3 · 4 · 8]: 4 heads of 8 features, as [2, 4, 7, 8].
    private static Tensor part(Tensor all, int number) {
        return all.narrow(2, 32 * number, 32).reshape(2, 7, 4, 8).transpose(1, 2);
    }

    private static Tensor[] gradients(Tensor all, Tensor gradient) {
        Tensor[] in = {part(all, 0), part(all, 1), part(all, 2)};
        Tensor[] out = Engine.run(FORWARD, in);
        return Engine.run(BACKWARD, gradient.reshape(2, 7, 4, 8).transpose(1, 2), in[0], in[1], in[2], out[0], out[1]);
    }

    @Test
    void headsSideBySideAreNotCopied() {
        Tensor all = Random.normal(new Rng(1), 2, 7, 96);
        Tensor gradient = Random.normal(new Rng(2), 2, 7, 32);
        Tensor[] expected = gradients(all, gradient);
        Device there = device.name();
        Tensor ours = all.to(there);
        Tensor given = gradient.to(there);
        device.finish();
        long before = device.launches();
        Tensor[] actual = gradients(ours, given);
        assertThat(device.launches() - before)
                .as("forward, delta, the gradients of queries, keys and values, the last two by one launch on a card")
                .isBetween(4L, 5L);
        for (int i = 0; i < 3; i++) {
            assertThat(actual[i].toDoubles()).containsExactly(expected[i].toDoubles(), within(1e-5));
        }
    }
}
