package dev.retort.distill.method;

import dev.retort.tensor.Tensor;

/// Relations between the positions of a text, from queries, keys or values [B, T, H · D] of an attention layer.
final class AttentionRelations {
    private AttentionRelations() {}

    /// 1 where a position of the tokens [B, T] is no padding, in the dtype of `like`: [B, T].
    static Tensor visible(Tensor ids, int padding, Tensor like) {
        return ids.ne(padding).to(like.dtype()).to(like.device());
    }

    /// a · b/√D of all positions, head by head: [B, T, H · D] → [B, H, T, T].
    static Tensor scores(Tensor a, Tensor b, int heads) {
        Tensor left = split(a, heads);
        return left.matmul(split(b, heads).transpose(2, 3)).mul(1 / Math.sqrt(left.size(3)));
    }

    /// [B, T, H · D] as [B, H, T, D].
    private static Tensor split(Tensor x, int heads) {
        return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
    }

    /// Sum over samples of the mean, over heads and positions that are no padding, of
    /// KL(softmax(wanted) ‖ softmax(own)) over positions that are no padding.
    ///
    /// @param own     scores [B, H, T, T]
    /// @param wanted  scores [B, H, T, T]
    /// @param visible [B, T]
    static Tensor divergence(Tensor own, Tensor wanted, Tensor visible) {
        Tensor hidden = visible.eq(0).unsqueeze(1).unsqueeze(1); // [B, 1, 1, T]
        Tensor mask = hidden.expand(own.shape());
        Tensor logOwn = own.maskedFill(mask, -1e9).logSoftmax(3);
        Tensor logWanted = wanted.maskedFill(mask, -1e9).logSoftmax(3);
        // Hidden keys have probability 0 in both: their logarithms differ, but count for nothing.
        Tensor rows = logWanted
                .exp()
                .mul(logWanted.sub(logOwn).maskedFill(mask, 0))
                .sum(false, 3)
                .mean(false, 1); // [B, T]
        return perSample(rows, visible);
    }

    /// Sum over samples of the mean over heads, and over pairs of positions that are no padding, of (own − wanted)².
    ///
    /// @param own     scores [B, H, T, T]
    /// @param wanted  scores [B, H, T, T]
    /// @param visible [B, T]
    static Tensor squaredError(Tensor own, Tensor wanted, Tensor visible) {
        Tensor cells = own.sub(wanted).square().mean(false, 1); // [B, T, T]
        Tensor count = visible.sum(true, 1).clampMin(1);
        Tensor rows = cells.mul(visible.unsqueeze(1)).sum(false, 2).div(count);
        return perSample(rows, visible);
    }

    /// Sum over samples of the mean of `rows` [B, T] over positions that are no padding.
    static Tensor perSample(Tensor rows, Tensor visible) {
        Tensor count = visible.sum(false, 1).clampMin(1);
        return rows.mul(visible).sum(false, 1).div(count).sum();
    }
}
