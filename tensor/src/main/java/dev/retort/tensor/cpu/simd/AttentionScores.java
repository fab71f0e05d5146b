package dev.retort.tensor.cpu.simd;

import dev.retort.tensor.Philox;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What the forward and backward passes of attention share: one row of a tile of scores, and dropout of
/// its weights.
final class AttentionScores {
    /// Queries and keys of a tile; multiples of every panel width.
    static final int QUERIES = 64;

    static final int KEYS = 128;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final float[] ZEROS = GemmKernel.ZEROS;

    private AttentionScores() {}

    /// Writes the products of m rows with the n packed columns from `bt` on to a tile, whose rows are KEYS long.
    static void product(int m, int n, int depth, float[] rows, int ro, int ld, float[] columns, int bt, float[] tile) {
        // Whole panels: the columns beyond n are zeros, and the tile has room for them.
        int padded = (n + GemmKernel.NR - 1) / GemmKernel.NR * GemmKernel.NR;
        InPlaceKernel.add(m, padded, depth, depth, rows, ro, ld, columns, bt, ZEROS, 0, 0, tile, 0, KEYS);
    }

    /// `y = y + scores B`, or the product alone if `first`: m rows of scores, `depth` long, with the first steps of
    /// `width` columns that were packed `packed` steps deep; rows of y are `ld` apart.
    static void addProduct(
            boolean first,
            int m,
            int width,
            int depth,
            int packed,
            float[] scores,
            float[] columns,
            int bt,
            float[] y,
            int yo,
            int ld) {
        if (first && width <= ZEROS.length) {
            InPlaceKernel.add(m, width, depth, packed, scores, 0, KEYS, columns, bt, ZEROS, 0, 0, y, yo, ld);
            return;
        }
        if (first) {
            clear(m, width, y, yo, ld);
        }
        InPlaceKernel.add(m, width, depth, packed, scores, 0, KEYS, columns, bt, y, yo, ld, y, yo, ld);
    }

    /// Zeros to m rows of y.
    static void clear(int m, int width, float[] y, int yo, int ld) {
        for (int i = 0; i < m; i++) {
            Arrays.fill(y, yo + i * ld, yo + i * ld + width, 0f);
        }
    }

    /// `scores = p (dp - dot) scale` and `dp = p` with `p = scores`.
    static void slopes(float[] scores, float[] dp, int at, int n, float dot, float scale) {
        int i = at;
        for (; i <= at + n - L; i += L) {
            FloatVector p = FloatVector.fromArray(S, scores, i);
            FloatVector.fromArray(S, dp, i).sub(dot).mul(p).mul(scale).intoArray(scores, i);
            p.intoArray(dp, i);
        }
        for (; i < at + n; i++) {
            float p = scores[i];
            scores[i] = (dp[i] - dot) * p * scale;
            dp[i] = p;
        }
    }

    /// Scales n scores of query t from key s on, applies the mask and hides keys that the query may not
    /// see.
    static void finish(
            AttentionShape a, AttentionMask mask, int batch, int head, int t, int s, float[] scores, int so, int n) {
        BinaryLoops.mul(scores, so, (float) a.scale(), scores, so, n);
        mask.apply(batch, head, t, s, scores, so, n);
        int seen = Math.clamp(a.visible(t) - s, 0, n);
        Arrays.fill(scores, so + seen, so + n, Float.NEGATIVE_INFINITY);
    }

    /// As [#finish] for a head counted over the batch; returns the largest score, in the same pass if there is no mask.
    static float finishAndTop(
            AttentionShape a, AttentionMask mask, int head, int t, int s, float[] scores, int so, int n) {
        if (mask != AttentionMask.NONE) {
            finish(a, mask, head / a.heads(), head % a.heads(), t, s, scores, so, n);
            return RowSums.max(scores, so, n);
        }
        int seen = Math.clamp(a.visible(t) - s, 0, n);
        Arrays.fill(scores, so + seen, so + n, Float.NEGATIVE_INFINITY);
        return scale((float) a.scale(), scores, so, seen);
    }

    /// `x = factor x`; returns the largest, negative infinity if there is none.
    private static float scale(float factor, float[] x, int xo, int n) {
        FloatVector m0 = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        FloatVector m1 = m0;
        int i = xo;
        for (; i <= xo + n - 2 * L; i += 2 * L) {
            FloatVector v = FloatVector.fromArray(S, x, i).mul(factor);
            FloatVector w = FloatVector.fromArray(S, x, i + L).mul(factor);
            v.intoArray(x, i);
            w.intoArray(x, i + L);
            m0 = m0.max(v);
            m1 = m1.max(w);
        }
        float max = Lanes.max(m0.max(m1));
        for (; i < xo + n; i++) {
            x[i] *= factor;
            max = Math.max(max, x[i]);
        }
        return max;
    }

    /// Sets dropped weights to 0 and divides the others by 1 - p; `row` counts queries over batch and
    /// heads.
    static void drop(AttentionShape a, int row, int s, float[] weights, int wo, int n) {
        boolean[] kept = new boolean[n];
        Philox.keep(a.seed(), a.stream(), (long) row * a.keys() + s, a.dropout(), kept);
        float factor = (float) (1 / (1 - a.dropout()));
        for (int i = 0; i < n; i++) {
            weights[wo + i] = kept[i] ? weights[wo + i] * factor : 0f;
        }
    }
}
