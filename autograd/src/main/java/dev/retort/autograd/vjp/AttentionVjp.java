package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import org.jspecify.annotations.Nullable;

/// Gradients of [AttentionOp]: the tiled kernel for query, key and value; the composite for an additive
/// mask's gradient, for the gradient of the log-sum-exp, and for higher orders.
final class AttentionVjp {
    private AttentionVjp() {}

    static Rule of(AttentionOp op) {
        return switch (op) {
            case AttentionOp.Attention o ->
                Rule.fused(o, Saved.outputs(0, 1), c -> c.inputs() == 3 || !c.needs(3), c -> fast(c, o));
            case AttentionOp.AttentionBackward _ -> Rule.NONE;
        };
    }

    private static @Nullable Tensor[] fast(VjpContext c, AttentionOp.Attention op) {
        Tensor[] inputs = new Tensor[c.inputs() + 3];
        inputs[0] = c.g();
        inputs[1] = c.input(0);
        inputs[2] = c.input(1);
        inputs[3] = c.input(2);
        inputs[4] = c.output(0);
        inputs[5] = c.output(1);
        if (c.inputs() == 4) {
            inputs[6] = c.input(3);
        }
        Tensor[] results = Engine.run(
                new AttentionOp.AttentionBackward(op.scale(), op.causal(), op.dropout(), op.seed(), op.stream()),
                inputs);
        return java.util.Arrays.copyOf(results, c.inputs());
    }
}
