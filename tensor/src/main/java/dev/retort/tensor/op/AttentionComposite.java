package dev.retort.tensor.op;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;

/// Attention in basic ops, with the T x S matrix written out.
final class AttentionComposite {
    private AttentionComposite() {}

    static Tensor[] of(AttentionOp.Attention op, Tensor[] in) {
        int group = in[0].size(1) / in[1].size(1);
        Tensor key = in[1].repeatInterleave(group, 1); // [B, H, S, D]
        Tensor value = in[2].repeatInterleave(group, 1); // [B, H, S, E]
        Tensor scores = in[0].matmul(key.transpose(-2, -1)).mul(op.scale()); // [B, H, T, S]
        if (in.length == 4) {
            scores = in[3].dtype() == DType.BOOL
                    ? scores.maskedFill(in[3].logicalNot(), Double.NEGATIVE_INFINITY)
                    : scores.add(in[3]);
        }
        if (op.causal()) {
            int t = scores.size(2);
            int s = scores.size(3);
            Tensor hidden = Tensor.ones(DType.BOOL, t, s).to(scores.device()).triu(1 + s - t);
            scores = scores.maskedFill(hidden, Double.NEGATIVE_INFINITY);
        }
        Tensor lse = scores.logsumexp(true, 3);
        Tensor empty = lse.detach().eq(Double.NEGATIVE_INFINITY); // rows that may attend to nothing
        Tensor weights = scores.sub(lse.maskedFill(empty, 0)).exp();
        if (op.dropout() > 0) {
            weights = Engine.one(new RandomOp.Dropout(op.dropout(), op.seed(), op.stream()), weights);
        }
        return new Tensor[] {weights.matmul(value), lse.squeeze(3)};
    }
}
