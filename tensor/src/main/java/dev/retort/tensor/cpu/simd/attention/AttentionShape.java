package dev.retort.tensor.cpu.simd.attention;

/// Sizes and options of scaled dot-product attention on contiguous arrays: query
/// `[batch, heads, queries, width]`, key `[batch, groups, keys, width]`, value
/// `[batch, groups, keys, valueWidth]`; head h reads group `h * groups / heads`.
///
/// With `causal`, query t sees keys 0 … t + keys - queries. Dropout keeps weight `row * keys + key` by
/// the rule of `Philox.keep`.
public record AttentionShape(
        int batch,
        int heads,
        int groups,
        int queries,
        int keys,
        int width,
        int valueWidth,
        double scale,
        boolean causal,
        double dropout,
        long seed,
        long stream) {

    /// Number of keys that query t may see.
    int visible(int t) {
        return causal ? Math.max(0, Math.min(keys, t + keys - queries + 1)) : keys;
    }

    /// Number of queries, from the first on, that may not see `key`: the inverse of [#visible].
    int blind(int key) {
        return causal ? Math.clamp(key - keys + queries, 0, queries) : 0;
    }

    int headsPerGroup() {
        return heads / groups;
    }
}
