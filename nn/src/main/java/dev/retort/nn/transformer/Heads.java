package dev.retort.nn.transformer;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import org.jspecify.annotations.Nullable;

/// Heads of attention: splitting features, attending with the fused op, and joining again.
final class Heads {
    private Heads() {}

    static void check(String owner, int width, int heads) {
        if (heads < 1 || width % heads != 0) {
            throw new OpException(owner + ": expects features divisible by heads, got " + width + " and " + heads);
        }
    }

    /// Checks that what is given beside tokens `[B, T]` has their shape.
    static void checkBeside(String owner, String what, @Nullable Tensor given, Tensor ids) {
        if (given != null && !given.shape().equals(ids.shape())) {
            throw new OpException(owner + ": expects " + what + " of the shape of the tokens, " + ids.shape() + ", got "
                    + given.type());
        }
    }

    /// `[B, T, H·D]` as `[B, H, T, D]`.
    static Tensor split(Tensor x, int heads) {
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }

    /// `[B, H, T, D]` as `[B, T, H·D]`.
    static Tensor join(Tensor x) {
        return x.transpose(1, 2).reshape(x.size(0), x.size(2), x.size(1) * x.size(3));
    }

    /// softmax(QKᵀ/√D + mask)·V for `[B, H, T, D]` and grouped keys and values `[B, G, S, D]`.
    ///
    /// @param dropout probability of dropping an attention weight; 0 in evaluation
    static Tensor attend(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, boolean causal, double dropout, Rng rng) {
        AttentionOp op = new AttentionOp.Attention(
                1 / Math.sqrt(q.size(3)), causal, dropout, rng.seed(), dropout == 0 ? 0 : rng.nextStream());
        return (mask == null ? Engine.run(op, q, k, v) : Engine.run(op, q, k, v, mask))[0];
    }

    /// [#attend] of a decoder: causal, with the keys and values of the cache before these, without padding.
    static Tensor attendCausally(
            Tensor q, Tensor k, Tensor v, int layer, DecoderContext context, double dropout, Rng rng) {
        KeyValueCache cache = context.cache();
        Tensor[] all = cache == null ? new Tensor[] {k, v} : cache.append(layer, k, v);
        return attend(q, all[0], all[1], keyMask(context.visible()), true, dropout, rng);
    }

    /// Which keys may be seen, `BOOL` `[B, S]`, as a mask of scores `[B, 1, 1, S]`.
    static @Nullable Tensor keyMask(@Nullable Tensor visible) {
        return visible == null ? null : visible.reshape(visible.size(0), 1, 1, visible.size(1));
    }
}
