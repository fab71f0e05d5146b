package dev.retort.tensor.op;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Scaled dot-product attention (Vaswani et al., 2017, arXiv 1706.03762), computed in tiles with a
/// running maximum (Dao et al., 2022, arXiv 2205.14135): the T x S matrix is never written.
public sealed interface AttentionOp extends Op {
    /// Factor on the scores, usually 1/√D.
    double scale();

    /// Whether query i sees keys 0 … i + S − T only (aligned at the end, as with a key-value cache).
    boolean causal();

    /// Probability of dropping an attention weight; survivors are divided by 1 − p. Kept weights are
    /// those that [dev.retort.tensor.Philox#keep] names, by row-major index in [B, H, T, S].
    double dropout();

    /// Seed of the dropout mask.
    long seed();

    /// Stream of the dropout mask.
    long stream();

    private static void check(AttentionOp op, TensorType q, TensorType k, TensorType v, TensorType... all) {
        Check.floating(op, q);
        Check.sameDType(op, q, k, v);
        Check.rank(op, q, 4);
        Check.rank(op, k, 4);
        Check.rank(op, v, 4);
        Shape qs = q.shape();
        Shape ks = k.shape();
        Shape vs = v.shape();
        Check.that(
                qs.dim(0) == ks.dim(0)
                        && ks.dim(0) == vs.dim(0)
                        && qs.dim(3) == ks.dim(3)
                        && ks.dim(2) == vs.dim(2)
                        && ks.dim(1) == vs.dim(1),
                op,
                "expects query [B, H, T, D], key [B, G, S, D], value [B, G, S, E]",
                all);
        Check.that(ks.dim(1) > 0 && qs.dim(1) % ks.dim(1) == 0, op, "expects query heads divisible by key heads", all);
        if (op.dropout() < 0 || op.dropout() >= 1) {
            throw new OpException(op.name() + ": expects dropout in [0, 1), got " + op.dropout());
        }
    }

    private static void checkMask(AttentionOp op, TensorType q, TensorType k, TensorType mask) {
        Check.that(
                mask.dtype() == q.dtype() || mask.dtype() == DType.BOOL,
                op,
                "expects a mask of dtype BOOL (true: may attend) or of the query's dtype (added)",
                mask);
        Shape scores = Shape.of(
                q.shape().dim(0), q.shape().dim(1), q.shape().dim(2), k.shape().dim(2));
        Check.that(
                mask.shape().rank() <= 4
                        && Shape.broadcast(op.name(), mask.shape(), scores).equals(scores),
                op,
                "expects a mask that broadcasts to " + scores,
                mask);
    }

    /// Inputs (query [B, H, T, D], key [B, G, S, D], value [B, G, S, E][, mask]); results (out [B, H, T,
    /// E], logsumexp of the scores [B, H, T]). Grouped queries: head h uses key head ⌊h·G/H⌋. The mask
    /// broadcasts to [B, H, T, S]: `BOOL` (true may attend) or added to the scores. A row that may attend
    /// to nothing gives zeros (and logsumexp −∞).
    record Attention(double scale, boolean causal, double dropout, long seed, long stream)
            implements AttentionOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3, 4);
            check(this, in[0], in[1], in[2], in);
            if (in.length == 4) {
                checkMask(this, in[0], in[1], in[3]);
            }
            Shape q = in[0].shape();
            return new TensorType[] {in[0].with(q.with(3, in[2].shape().dim(3))), in[0].with(q.without(3))};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            return AttentionComposite.of(this, in);
        }
    }

    /// Inputs (gradOut, query, key, value, out, logsumexp[, mask]): results (gradQuery, gradKey,
    /// gradValue).
    record AttentionBackward(double scale, boolean causal, double dropout, long seed, long stream)
            implements AttentionOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 6, 7);
            check(this, in[1], in[2], in[3], in);
            return new TensorType[] {in[1], in[2], in[3]};
        }
    }
}
