package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Gradients of [AttentionOp]. For one head, with scores z = scale·QKᵀ + mask `[T, S]`, their log-sum-exp over keys
/// `[T]`, weights P = exp(z − logsumexp), and D = kept/(1 − dropout) (1 without dropout):
///
/// ```
/// out = (D∘P)·V
/// dV  = (D∘P)ᵀ·g,   dP = D∘(g·Vᵀ),   dz = P∘(dP − rowsum(g∘out)),   as rowsum(P∘dP) = rowsum(g∘out)
/// dQ  = scale·dz·K,   dK = scale·dzᵀ·Q
/// ```
///
/// Causal attention is the same with P = 0, and so dz = 0, above the diagonal: kernels leave out the keys that a query
/// does not see. P is computed anew from the saved log-sum-exp, a tile at a time. Query heads that share a key head add
/// their dK and dV. The tiled kernel serves query, key and value; the composite an additive mask's gradient (dz), that
/// of the log-sum-exp, and higher orders.
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
        return Arrays.copyOf(results, c.inputs());
    }
}
