package dev.retort.tensor.cpu.simd.attention;

import dev.retort.tensor.cpu.simd.product.FencedKernel;

/// What a tile covers: `queries` queries from `query` on, against `keys` keys from `key` on.
///
/// On the diagonal of a causal mask the first queries see few of these keys. A panel of queries leaves out the keys
/// that none of it sees: an eighth of all work with 512 positions, a quarter of one tile on the diagonal.
record AttentionWindow(AttentionShape shape, int query, int queries, int key, int keys) {
    /// Keys that one strip of rows of [FencedKernel] takes together: they are left out together.
    private static final int STRIP = FencedKernel.MR;

    /// Queries of the panel that starts at query j of the tile, lanes that are only filled included.
    int width(int j) {
        return AttentionTile.width(queries - j);
    }

    /// Queries of that panel.
    int count(int j) {
        return Math.min(width(j), queries - j);
    }

    /// Keys, from the first of the tile on, that the panel works with: all that its last query sees, in whole strips.
    /// It does not fall with j.
    int reach(int j) {
        int seen = Math.clamp(shape.visible(query + j + count(j) - 1) - key, 0, keys);
        return Math.min(keys, (seen + STRIP - 1) / STRIP * STRIP);
    }

    /// Whether some query of the tile does not see some key of it.
    boolean isCut() {
        return shape.visible(query) < key + keys;
    }

    /// Queries of the panel at j that do not see key `i` of the tile: the first ones.
    int blind(int j, int i) {
        return Math.clamp(shape.blind(key + i) - query - j, 0, count(j));
    }
}
